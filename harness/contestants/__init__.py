"""The contestants: the registry of their folders, and the template of a new one."""
