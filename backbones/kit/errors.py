"""The errors of a job, each with the exit code of the contract.

JobError     the job is not valid, or this backbone cannot do it: exit code 2
DataError    the data or an artifact of the job is unusable: exit code 3
"""


class JobError(Exception):
    """The job is not valid, or asks for something that this backbone cannot do."""

    exit_code = 2


class DataError(Exception):
    """The data or an artifact of the job is unusable."""

    exit_code = 3
