"""Web servers on this machine for the time of a test."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest


@contextmanager
def running(server: ThreadingHTTPServer) -> Iterator[str]:
    """Runs a server in a thread of its own; gives its address, which no proxy serves."""
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
        """Prints nothing."""


def serving(folder: Path) -> AbstractContextManager[str]:
    """Runs a server of a folder's files; gives its address."""
    return running(ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))))
