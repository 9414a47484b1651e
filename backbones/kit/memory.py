"""Memory of the process that the networks compute in."""

import ctypes
import platform

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""Numbers of glibc's parameters M_TRIM_THRESHOLD and M_MMAP_THRESHOLD (mallopt(3))."""

KEPT = 2**30
"""Bytes up to which freed memory stays with the process."""


def keep_freed_memory() -> None:
    """Let the C library keep freed memory for the next layer, instead of returning it to the system.

    By default glibc returns every large block. A network frees and takes such blocks in each layer; each time the
    system hands out fresh pages and fills them with zeros, which takes up to half of the time of a convolutional
    encoder on processors. Does nothing with another C library.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    library = ctypes.CDLL(None)
    library.mallopt(MMAP_THRESHOLD, KEPT)
    library.mallopt(TRIM_THRESHOLD, KEPT)
