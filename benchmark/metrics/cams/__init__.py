"""Where class activation maps (CAMs) fall: on a grid, on regions, and on the regions of other images."""
