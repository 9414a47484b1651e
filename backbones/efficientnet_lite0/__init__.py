"""EfficientNet-Lite0, trained on ImageNet; a Python package contains its weights."""
