"""Data sets: catalogues of annotated animals, their crops, region masks and digests."""
