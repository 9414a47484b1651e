"""Colour histogram: a control without parameters (Swain & Ballard 1991)."""
