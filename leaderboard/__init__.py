"""Presentation: records in, tables out."""
