"""AOT-GAN: inpainting with aggregated contextual transformations (Zeng et al. 2023)."""
