"""Fixed splits: the kinds of split, how each is drawn, and the files that hold them."""
