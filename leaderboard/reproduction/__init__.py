"""Reproduction of the paper: its numbers, its claims, and their verdicts from records."""
