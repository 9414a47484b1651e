"""Plots: one module a kind of figure."""
