"""LaMa ("big-lama"): inpainting with fast Fourier convolutions (Suvorov et al. 2022)."""
