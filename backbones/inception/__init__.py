"""InceptionV3, trained on ImageNet (Szegedy et al. 2016)."""
