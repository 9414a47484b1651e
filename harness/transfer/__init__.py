"""Downloads and archives, without knowledge of what they hold."""
