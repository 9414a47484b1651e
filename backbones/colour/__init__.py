"""Colour histogram: a control without parameters."""
