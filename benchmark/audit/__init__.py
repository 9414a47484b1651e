"""The audit of a data set under a split: leaks, near duplicates, nested groups."""
