"""Raw pixels: a control without parameters."""
