"""Published weights and checkpoints: read safely, loaded strictly; networks and layers that published files need."""
