"""Adapters: from a folder or table on disk to a catalogue."""
