"""DeepFillV2: free-form inpainting with gated convolutions and contextual attention (Yu et al. 2019)."""
