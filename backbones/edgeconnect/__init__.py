"""EdgeConnect: inpainting that completes the edges first (Nazeri et al. 2019)."""
