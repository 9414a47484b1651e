"""The page and the figure of the shortcut calibration, from records made by hand."""

from itertools import permutations
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from PIL import Image

from benchmark.records.base import Interval
from benchmark.records.classification import Classification, GroupBaseline, Scores, SplitAudit
from benchmark.records.files import write_record
from benchmark.records.localisation import Localisation, RegionValues
from benchmark.records.provenance import Experiment, Failure
from benchmark.records.record import Record
from benchmark.vocabulary import REGION_VARIANTS, Mode, RegionVariant
from leaderboard.entries import Entry, sections
from leaderboard.markdown import NOTHING
from leaderboard.metrics import FOCUS
from leaderboard.pages.shortcut import experiments, shortcut
from leaderboard.plots.shortcut import strength_curves
from leaderboard.render import PAGES, check, show, write
from support.records import PROVENANCE, blank_record, read_all

PAGE = "leaderboard/shortcut.md"


def scores(accuracy: float, images: int = 40) -> Scores:
    return Scores(accuracy=accuracy, recall=accuracy, f1=accuracy, images=images, at_chance=False)


def ablated(**accuracies: float) -> dict[RegionVariant, Scores]:
    return {variant: scores(accuracies.get(variant, 0.5), 20) for variant in REGION_VARIANTS}


def trained(accuracy: float, density: float | None = 1.2) -> Classification:
    share = RegionValues(background=0.5, body=0.3, pattern=0.2)
    dense = RegionValues(background=0.6, body=1.1, pattern=density)
    interval = None if density is None else Interval(low=density - 0.1, high=density + 0.1, groups=40)
    focus = Localisation(mass=share, density=dense, rank=share, pattern_density=interval, images=40)
    around = Interval(low=accuracy - 0.1, high=accuracy + 0.1, groups=40)
    return Classification(
        test=scores(accuracy), validation=(), probe_localisation=(), localisation=focus, intervals={"accuracy": around}
    )


def record(
    backbone: str,
    strength: float,
    modes: dict[Mode, Classification],
    validation: dict[Mode, dict[RegionVariant, Scores]],
    *,
    seed: int = 0,
    frames: int = 144,
    protocol: str = "quick",
) -> Record:
    alone = GroupBaseline(
        accuracy=1 / 3, balanced_accuracy=1 / 3, recall=1 / 3, f1=0.3, adjusted_rand=0.3, mutual_information=0.6
    )
    return blank_record(
        key=f"{backbone}{strength}{seed}{frames}{protocol}".encode().hex(),
        backbone=backbone,
        title=backbone.upper(),
        dataset=f"shortcut-{strength:g}",
        split="clean-test",
        protocol=protocol,
        seed=seed,
        classification=modes,
        ablation={mode: ablated(background=0.3, body=0.6) for mode in modes},
        validation=validation,
        group_baselines={"video": alone},
        experiment=Experiment(name="shortcut", strength=strength, frames=frames, seed=1),
    )


def reader(strength: float, clean: float, seen: float, **more: int) -> Record:
    """Of one shallow classifier."""
    validation = ablated(background=0.8, body=0.4, no_background=0.7, no_pattern=0.9, all=seen)
    return record("reader", strength, {"shallow": trained(clean)}, {"shallow": validation}, **more)


def entries(*given: Record) -> list[Entry]:
    return [Entry(one, f"leaderboard/records/{one.dataset}/{one.protocol}/{one.key}.json") for one in given]


def cells(text: str) -> list[list[str]]:
    """The rows of all tables."""
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("|")]
    return [row for row in rows if row[0] != "Backbone" and not row[0].startswith("-")]


def page_of(*given: Record) -> str:
    return shortcut(sections(entries(*given), "shortcut"), PAGE)


def test_without_records_the_page_says_how_to_get_them() -> None:
    assert page_of() == "No records yet; `patternbench experiment shortcut` writes them."


def test_a_row_shows_what_the_record_holds() -> None:
    (row,) = cells(page_of(reader(0.5, 0.6, 0.9)))
    assert row[:4] == ["READER", "random", "shallow", "0.50"]
    assert row[4:7] == ["0.60 [0.50, 0.70]", "0.90", "-0.30"]
    assert row[7:9] == ["2.00", "-0.20"]  # 0.8 / 0.4, 0.7 - 0.9: of the validation images
    assert row[9:11] == ["0.50", "+0.00"]  # 0.3 / 0.6, 0.5 - 0.5: of the clean test images
    assert row[11:14] == ["1.20 [1.10, 1.30]", NOTHING, "0"]  # an old record does not say how many maps are empty
    assert row[14].startswith("[")


@pytest.mark.parametrize(("empty", "shown"), [(39, ["1.20 [1.10, 1.30]", "39 of 40"]), (40, [NOTHING, "40 of 40"])])
def test_maps_that_are_all_empty_have_no_density(empty: int, shown: list[str]) -> None:
    given = trained(0.6)
    assert given.localisation is not None
    focus = given.localisation.model_copy(update={"empty": empty})
    one = record("reader", 0.5, {"shallow": given.model_copy(update={"localisation": focus})}, {"shallow": ablated()})
    (row,) = cells(page_of(one))
    assert row[11:13] == shown
    assert FOCUS["Shallow density on pattern"](one) == (1.2 if empty < 40 else None)


def test_the_facts_of_an_experiment_stand_above_its_table() -> None:
    text = page_of(reader(0, 0.6, 0.6), reader(1, 0.3, 0.9))
    assert text.startswith("## 144 pictures a video, data seed 1, split clean-test, protocol quick\n\n")
    assert "6 individuals, chance 0.17, 40 test images, 20 validation images. The video alone scores 0.33." in text


def test_the_audit_says_at_which_strength_the_split_is_not_clean() -> None:
    clean, twins = (
        SplitAudit(sentence="It is said", faults=()),
        SplitAudit(sentence="It is said", faults=("twins", "copies")),
    )
    given = [
        reader(0, 0.6, 0.6).model_copy(update={"audit": clean}),
        reader(1, 0.3, 0.9).model_copy(update={"audit": twins}),
    ]
    assert "\n\n*It is said.* At strength 1.00: twins; copies.\n\n" in page_of(*given)


def test_strengths_stand_below_each_other_for_each_backbone_and_classifier() -> None:
    both: dict[Mode, Classification] = {"deep": trained(0.7), "shallow": trained(0.5)}
    seen: dict[Mode, dict[RegionVariant, Scores]] = {"deep": ablated(), "shallow": ablated()}
    given = [reader(1, 0.3, 0.9), reader(0, 0.6, 0.6), record("Both", 0.25, both, seen), reader(0.5, 0.5, 0.7)]
    shown = {page_of(*order) for order in permutations(given)}
    assert len(shown) == 1
    assert [row[:1] + row[2:4] for row in cells(shown.pop())] == [
        ["BOTH", "shallow", "0.25"],
        ["BOTH", "deep", "0.25"],
        ["READER", "shallow", "0.00"],
        ["READER", "shallow", "0.50"],
        ["READER", "shallow", "1.00"],
    ]


def test_other_designs_and_protocols_have_tables_of_their_own() -> None:
    text = page_of(reader(0, 0.6, 0.6), reader(0, 0.5, 0.5, frames=36), reader(0, 0.4, 0.4, protocol="paper"))
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## 144 pictures a video, data seed 1, split clean-test, protocol paper",
        "## 144 pictures a video, data seed 1, split clean-test, protocol quick",
        "## 36 pictures a video, data seed 1, split clean-test, protocol quick",
    ]
    assert len(cells(text)) == 3


def test_what_is_not_there_is_a_dash() -> None:
    validation = ablated(body=0)
    bare = record("bare", 1, {"shallow": trained(0.2, density=None)}, {"shallow": validation})
    broken = reader(1, 0.2, 0.2).model_copy(
        update={
            "status": "crash",
            "classification": {},
            "ablation": {},
            "validation": {},
            "group_baselines": {},
            "failure": Failure(stage="encode", cause="It stopped.", log=""),
        }
    )
    first, second = cells(page_of(bare, broken))
    assert (first[7], first[11]) == (NOTHING, NOTHING)
    assert second[2:13] == [NOTHING, "1.00", *[NOTHING] * 9]
    assert "failed: `crash` in encode: It stopped." in second[14]


def test_failed_runs_alone_have_no_figure() -> None:
    broken = reader(1, 0.2, 0.2).model_copy(update={"status": "crash", "classification": {}, "validation": {}})
    assert "![" not in page_of(broken)


def lines(figure: Figure) -> list[dict[str, tuple[list[float], list[float]]]]:
    """In each panel the lines with markers: what they are drawn at, by line style."""
    return [
        {
            str(line.get_linestyle()): (list(map(float, line.get_xdata())), list(map(float, line.get_ydata())))
            for line in axes.get_lines()
            if line.get_marker() not in {"None", None, ""}
        }
        for axes in figure.axes
    ]


def test_the_figure_shows_what_the_table_shows() -> None:
    given = entries(reader(1, 0.3, 0.9), reader(0, 0.6, 0.6), reader(0.5, 0.5, 0.7))
    (experiment,) = experiments(sections(given, "shortcut"))
    accuracy, reliance, density = lines(strength_curves(experiment))
    assert accuracy["-"] == ([0, 0.5, 1], [0.6, 0.5, 0.3])
    assert accuracy["--"] == ([0, 0.5, 1], [0.6, 0.7, 0.9])
    assert reliance["-"] == ([0, 0.5, 1], [2, 2, 2])
    assert density["-"] == ([0, 0.5, 1], [1.2, 1.2, 1.2])


def test_seeds_are_averaged_in_the_figure() -> None:
    given = entries(reader(0, 0.6, 0.6), reader(0, 0.4, 0.8, seed=1), reader(1, 0.2, 1))
    (experiment,) = experiments(sections(given, "shortcut"))
    accuracy, _, _ = lines(strength_curves(experiment))
    assert accuracy["-"][1] == pytest.approx([0.5, 0.2])
    assert accuracy["--"][1] == pytest.approx([0.7, 1])


def test_a_point_that_is_not_there_is_left_out_of_its_line() -> None:
    blind = record("reader", 0.5, {"shallow": trained(0.5, density=None)}, {"shallow": ablated(body=0)})
    given = entries(reader(0, 0.6, 0.6), blind, reader(1, 0.3, 0.9))
    (experiment,) = experiments(sections(given, "shortcut"))
    accuracy, reliance, density = lines(strength_curves(experiment))
    assert accuracy["-"][0] == [0, 0.5, 1]
    assert reliance["-"][0] == density["-"][0] == [0, 1]


def test_a_classifier_that_never_left_chance_has_its_accuracy_alone() -> None:
    lost = trained(0.2).model_copy(update={"never_above_chance": True})
    given = entries(reader(0, 0.6, 0.6), record("reader", 1, {"shallow": lost}, {"shallow": ablated()}))
    (experiment,) = experiments(sections(given, "shortcut"))
    accuracy, reliance, density = lines(strength_curves(experiment))
    assert accuracy["-"] == ([0, 1], [0.6, 0.2])
    assert reliance["-"][0] == density["-"][0] == [0]


def test_a_row_of_panels_for_each_mode_and_a_name_for_each_backbone() -> None:
    both: dict[Mode, Classification] = {"deep": trained(0.7), "shallow": trained(0.5)}
    other = record("c$t", 0, both, {"deep": ablated(), "shallow": ablated()})
    (experiment,) = experiments(sections(entries(reader(0, 0.6, 0.6), other), "shortcut"))
    figure = strength_curves(experiment)
    assert len(figure.axes) == 6
    assert [axes.get_ylabel() for axes in figure.axes[::3]] == ["shallow classifiers", "deep classifiers"]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()][:2] == [r"C\$T", "READER"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A `leaderboard` folder with empty pages, two records of the paper and one of the leaderboards."""
    for name, (block, _) in PAGES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"# A title\n\n<!-- begin table: {block} -->\n<!-- end table: {block} -->\n")
    ordinary = record("ordinary", 0, {"shallow": trained(0.5)}, {}).model_copy(
        update={"experiment": None, "dataset": "zebrafish-synth"}
    )
    for one in (reader(0, 0.6, 0.6), reader(1, 0.3, 0.9), ordinary):
        write_record(one, tmp_path / "leaderboard" / "records")
    return tmp_path / "leaderboard"


def test_records_of_the_study_stand_on_its_page_alone(folder: Path) -> None:
    changed = write(folder)
    texts = {name: (folder.parent / name).read_text() for name in PAGES}
    assert "READER" in texts[PAGE]
    assert "ORDINARY" not in texts[PAGE]
    assert [name for name in PAGES if name != PAGE and ("READER" in texts[name] or "shortcut" in texts[name])] == []
    assert "ORDINARY" in texts["leaderboard/classification.md"]
    (picture,) = (folder / "figures").glob("shortcut-*.png")
    assert f"](figures/{picture.name})" in texts[PAGE]
    assert f"leaderboard/figures/{picture.name}" in changed
    with Image.open(picture) as drawn:
        assert drawn.width > 1000
    assert [name.name for name in (folder / "figures").iterdir() if "shortcut" in name.name] == [picture.name]
    assert check(folder) == []
    assert write(folder) == []


def test_the_terminal_shows_the_whole_experiment_and_nothing_else(folder: Path) -> None:
    shown = show(folder, reader(1, 0.3, 0.9))
    assert len(cells(shown)) == 2
    assert "ORDINARY" not in shown
    assert "![" not in shown
    ordinary = next(one for one in read_all(folder / "records") if one.experiment is None)
    assert "READER" not in show(folder, ordinary)


def test_a_newer_record_replaces_an_older_one_of_the_same_strength_and_design() -> None:
    newer = reader(0, 0.9, 0.9).model_copy(
        update={"key": "newer", "provenance": PROVENANCE.model_copy(update={"finished": "2026-02-01T00:00:00Z"})}
    )
    (row,) = cells(page_of(reader(0, 0.6, 0.6), newer))
    assert row[5] == "0.90"
    assert len(cells(page_of(reader(0, 0.6, 0.6, frames=36), newer))) == 2
