"""The contestants, one folder each, and the kit that they share."""
