"""Cross-validation of frozen embeddings over a whole data set: every photo is tested once, by others."""
