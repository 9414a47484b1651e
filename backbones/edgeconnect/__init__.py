"""EdgeConnect: inpainting that draws the missing edges first (Nazeri et al. 2019)."""
