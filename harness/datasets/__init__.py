"""Data sets by name: where they are, their proposed region masks, their audits."""
