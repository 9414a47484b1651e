"""The audit of a data set under a split: leaks, look-alikes, nested groups."""
