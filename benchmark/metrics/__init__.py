"""Metrics: arrays that a backbone wrote in, record parts out."""
