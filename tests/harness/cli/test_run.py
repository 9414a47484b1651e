from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.data.content_digests import file_digest
from benchmark.errors import InputError, RunError
from benchmark.records.record import Record
from harness.cli.display.listener import RichListener
from harness.cli.options import ContestantOptions
from harness.cli.run import choose, run_all
from harness.workspace import Workspace

HERE = Workspace.here()


def seeds(**options: int) -> list[int]:
    chosen = ContestantOptions(backbones=["pixels"], runner="process", device="cpu", **options)
    return [protocol.seed for protocol in choose(HERE, chosen, file_digest).protocols]


def test_seeds_count_from_the_first() -> None:
    assert seeds() == [0]
    assert seeds(seeds=3) == [0, 1, 2]
    assert seeds(seed=7, seeds=2) == [7, 8]


@pytest.mark.parametrize("options", [{"seed": -1}, {"seed": 2**31}, {"seed": 2**31 - 1, "seeds": 2}])
def test_a_seed_beyond_its_bounds_is_refused(options: dict[str, int]) -> None:
    with pytest.raises(InputError, match=r"seeds are whole numbers from 0 to 2147483647"):
        seeds(**options)


@pytest.mark.parametrize(("backbones", "everyone"), [(None, False), (["pixels"], True)])
def test_backbones_are_named_or_all(backbones: list[str] | None, *, everyone: bool) -> None:
    with pytest.raises(InputError, match="Name the backbones to run, or use --all"):
        choose(HERE, ContestantOptions(backbones=backbones, everyone=everyone), file_digest)


def test_whatever_ends_one_run_the_others_are_made(tmp_path: Path) -> None:
    made: list[str] = []

    def ends(name: str, error: Exception) -> Callable[[RichListener], Record]:
        def run(_: RichListener) -> Record:
            made.append(name)
            raise error

        return run

    errors = {
        "refused": InputError("no"),
        "failed": RunError("gone"),
        "broken": TypeError("\x1b[2J"),
        "full": MemoryError(),
    }
    with pytest.raises(RunError, match=r"(?s)4 of 4 runs failed.*broken: A fault of the program ended it: TypeError"):
        run_all({name: ends(name, error) for name, error in errors.items()}, Workspace(tmp_path))
    assert made == list(errors)
