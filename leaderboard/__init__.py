"""Presentation: records in, tables and figures out."""
