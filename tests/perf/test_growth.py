"""The figure of growth, at sizes of no time."""

from pathlib import Path

import pytest

from perf import growth
from perf.support.apart import Cost
from support.stub_stages import run_stages


def test_a_figure_is_drawn_and_powers_are_those_of_the_costs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def cost(work: object) -> Cost:
        (size,) = work.args  # type: ignore[attr-defined]
        return Cost(size**2 / 100, 100 + size)

    monkeypatch.setattr(growth, "cost_of", cost)
    growth.main(tmp_path / "growth.png")
    assert 0 < (tmp_path / "growth.png").stat().st_size < 100_000
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")][1:]
    assert len(lines) == len(growth.SWEEPS)
    assert {line.split("|")[3].strip() for line in lines} == {"2.0"}


def test_the_work_of_each_sweep_is_done() -> None:
    growth.audit_split(40)
    growth.search_images(20)
    growth.cluster_images(12)
    growth.cluster_dimensions(40)
    run_stages(2)
