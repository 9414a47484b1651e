"""The tables of scale and of cost, at sizes of no time."""

from functools import partial
from typing import Any

import pytest

from benchmark.records.files import read_record
from harness.workspace import Workspace
from perf import paper_cost, scale
from perf.support.apart import Cost
from support.paths import ROOT


def test_the_work_of_each_row_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale, "STAGES", 2)
    scale.run_contestants(2)
    scale.read_journal(2)
    for step in scale.STEPS.values():
        step(60)


def test_pages_have_all_contestants() -> None:
    names = {scale.renamed(record, number).backbone for number, record in enumerate(scale.project_records())}
    assert len(names) == len(scale.project_records()) > 1


def test_a_size_that_takes_too_long_is_the_last_and_the_rest_is_extrapolated(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def cost(work: "partial[Any]") -> Cost:
        (size,) = work.args
        return Cost(1.0, 100.0, (size / 10_000) ** 2)

    monkeypatch.setattr(scale, "cost_of", cost)
    scale.main(["images"], 1000)
    rows = [line.split("|")[1:-1] for line in capsys.readouterr().out.splitlines() if line.startswith("|")][2:]
    assert len(rows) == len(scale.STEPS)
    for _, size, seconds, _, power, extrapolated in rows:
        assert (size.strip(), seconds.strip(), power.strip()) == ("100,000", "100.0 s", "2.0")
        assert extrapolated.strip() == "10,000.0 s, 100 MiB"


def test_paper_costs_what_its_work_is_more_than_that_of_quick() -> None:
    workspace = Workspace.here()
    quick, paper = (paper_cost.works(paper_cost.spec_of("lama", name, workspace)) for name in ("quick", "paper"))
    pixels, epochs, photos = (256 / 64) ** 2, 10 / 2, (71 + 14) / (24 + 14)
    assert paper["inpaint"].amount / quick["inpaint"].amount == pytest.approx(pixels * epochs * photos)
    assert paper["encode"].amount / quick["encode"].amount == pixels
    record = next(
        one
        for path in sorted((ROOT / "leaderboard" / "records" / "zebrafish-synth" / "quick").glob("lama-*.json"))
        if (one := read_record(path)).split == "random"
    )
    rates = paper_cost.rates(record, quick)
    again = sum(rates[work.kind] * work.amount for work in quick.values())
    assert again == pytest.approx(sum(one.seconds * (one.threads or 1) for one in record.provenance.stages.values()))
