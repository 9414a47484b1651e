"""Verification of a record: against this checkout, and by making its embeddings or its whole run again."""
