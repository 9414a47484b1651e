"""Verification of numbers: what follows from a record alone, fingerprints of encoders, and comparisons."""
