"""Data sets of a checkout: built in, fetched or imported, and their proposed region masks."""
