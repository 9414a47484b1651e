"""Downloads from Kaggle."""

from collections.abc import Callable

from benchmark.errors import InputError

Download = Callable[[str], str]
"""Downloads the data set of a Kaggle handle; returns its folder."""


def download_from_kaggle(handle: str) -> str:
    """Downloads a data set into kagglehub's cache; returns its folder.

    Raises:
        InputError: kagglehub is not installed.
        Exception: whatever kagglehub raises if Kaggle refuses or cannot be reached.
    """
    try:
        import kagglehub
    except ImportError as error:
        raise InputError("Fetching needs kagglehub: pip install 'patternbench[kaggle]'") from error
    path: str = kagglehub.dataset_download(handle)
    return path
