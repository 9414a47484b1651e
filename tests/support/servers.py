"""Web servers on this machine, for as long as a test needs them."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest


@contextmanager
def running(server: ThreadingHTTPServer) -> Iterator[str]:
    """The address of a server that answers in a thread of its own, and is asked past any proxy."""
    with pytest.MonkeyPatch.context() as patch, server:
        patch.setenv("NO_PROXY", "127.0.0.1")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


def serving(folder: Path) -> AbstractContextManager[str]:
    """The address of a server that has the files of a folder."""
    return running(ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))))
