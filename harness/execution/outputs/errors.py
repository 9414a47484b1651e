"""The finding of every check of outputs."""


class BadOutputError(Exception):
    """The outputs of a job that ended well break the contract. The message names the file and the fault."""
