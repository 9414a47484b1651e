"""Contestants: the backbone folders of a checkout, and the template of a new one."""
