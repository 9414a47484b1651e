"""Field surveys: one encoder on all photos of a data set of one's own, in minutes."""
