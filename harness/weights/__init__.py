"""Published weights: listing, fetching, importing."""
