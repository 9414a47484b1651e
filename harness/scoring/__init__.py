"""Scoring: from stage outputs to the parts of a record."""
