"""Probes: classifiers that are fitted on frozen embeddings, outside the contestants."""
