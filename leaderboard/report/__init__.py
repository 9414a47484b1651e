"""The report on one's own photos: an HTML page, the last lines of a run, and a table."""
