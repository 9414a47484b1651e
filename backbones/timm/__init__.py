"""Any network of timm, PyTorch Image Models (Wightman 2019)."""
