"""EfficientNet-B0, trained on ImageNet (Tan and Le 2019)."""
