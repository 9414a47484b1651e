"""EfficientNet-Lite0, trained on ImageNet; its weights come with a Python package."""
