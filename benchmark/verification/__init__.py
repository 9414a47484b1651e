"""What of a record can be computed again from the record alone."""
