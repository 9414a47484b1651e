"""A local web server with weights."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.servers import serving


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Address and folder of the server."""
    folder = tmp_path / "site"
    folder.mkdir()
    with serving(folder) as address:
        yield address, folder
