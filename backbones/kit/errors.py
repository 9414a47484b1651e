"""How a job can fail, each with the exit code that the contract gives it."""


class JobError(Exception):
    """The job is not understood, or asks for what this backbone cannot do."""

    exit_code = 2


class DataError(Exception):
    """The data or an artifact that came with the job is unusable."""

    exit_code = 3
