"""Scores: arrays that a backbone wrote in, parts of a record out."""
