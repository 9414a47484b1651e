import subprocess
import sys
from itertools import permutations
from pathlib import Path

import pytest
from PIL import Image

from benchmark.errors import InputError
from benchmark.files import atomic_write, folder_lock
from benchmark.records.classification import TestImages
from benchmark.records.files import read_record, write_record
from benchmark.records.inpainting import Encoder
from benchmark.records.localisation import CamsByImage, Example, Examples, RegionValues, SwapNull
from benchmark.records.record import Record
from benchmark.vocabulary import REGIONS
from leaderboard import render as pages
from leaderboard.plots import figures, style
from leaderboard.record_files import read
from leaderboard.render import PAGES, check, render, show, write
from support.figures import followed
from support.paths import ROOT
from support.records import blank_record, filled, inpainted, localised, ranked

REPRODUCTION = "leaderboard/reproduction.md"
LEADERBOARDS = {name for name, one in PAGES.items() if one.experiment is None} - {REPRODUCTION}
"""Pages that show the records of any data set and protocol."""

SHARES = RegionValues(background=0.5, body=0.25, pattern=0.25)
EXAMPLE = Example(image=0, density=1.0)
COLUMNS = dict.fromkeys(REGIONS, (1.0,) * 10)
LOCALISATION = localised(
    SHARES.model_dump(),
    swap=SwapNull(mass=SHARES, density=SHARES, rank=SHARES),
    examples=Examples(best=EXAMPLE, typical=EXAMPLE, worst=EXAMPLE),
    by_image=dict.fromkeys(CamsByImage.model_fields, COLUMNS),
)


def page(block: str) -> str:
    return f"# A title\n\nProse.\n\n<!-- begin table: {block} -->\n<!-- end table: {block} -->\n\nMore prose.\n"


def record(backbone: str, seed: int = 0) -> Record:
    classifier = followed(
        [0.5],
        excesses=[(0.5, 0.25, 0.25)],
        answers=(0,) * 10,
        confidences=(0.5,) * 10,
        individual_recall=(1, 0),
        localisations=(LOCALISATION,),
        test={"accuracy": 0.5, "recall": 0.5, "f1": 0.25, "images": 10},
    )
    return blank_record(
        key=f"{seed}{backbone.encode().hex()}",
        backbone=backbone,
        title=backbone.upper(),
        dataset="zebrafish-synth",
        individuals=2,
        split="time",
        protocol="full",
        seed=seed,
        classification=dict.fromkeys(("shallow", "deep"), classifier),
        test_images=TestImages(
            labels=(0, 1) * 5,
            groups=tuple(range(10)),
            by="images",
            identities=("ann", "bob"),
            train_images=(1, 1),
            ablated=tuple(range(10)),
        ),
        retrieval={"initial": {"cosine": ranked(0.5)}},
        ablation={"shallow": {"all": classifier.test.model_dump() | {"answers": (0,) * 10}}},
        validation_images={"by": "images"},
        encoder=Encoder(parameters=1000, shape=(8, 4, 4), image_size=64),
        inpainting=inpainted(
            units=tuple(range(8)), reconstruction=dict.fromkeys(("model", "mean_colour", "telea"), filled())
        ),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A `leaderboard` folder with two records and pages that do not show them yet."""
    for name, one in PAGES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(page(one.block))
    for backbone in ("lama", "aotgan"):
        path = write_record(record(backbone), tmp_path / "leaderboard" / "records")
        Image.new("RGB", (64, 96), "grey").save(path.with_suffix(".png"))
        Image.new("RGB", (64, 96), "grey").save(path.with_name(f"{path.stem}-focus.png"))
    return tmp_path / "leaderboard"


def test_written_tables_pass_the_check_and_writing_again_changes_nothing(folder: Path) -> None:
    expected = [
        f"leaderboard/figures/{name}-zebrafish-synth-time-full.png"
        for name in ("confusion", "encoders", "focus", "inpainting", "losses", "validation")
    ]
    assert sorted(write(folder)) == sorted([*PAGES, *expected])
    assert check(folder) == []
    assert write(folder) == []
    assert not list(folder.parent.rglob(".*"))


def test_a_figure_that_cannot_be_read_is_drawn_again(folder: Path) -> None:
    write(folder)
    figure = folder / "figures" / "losses-zebrafish-synth-time-full.png"
    whole = figure.read_bytes()
    for rest in (b"", whole[:40], whole[: len(whole) // 2]):
        figure.write_bytes(rest)
        assert write(folder) == [f"leaderboard/figures/{figure.name}"]
        assert figure.read_bytes() == whole


WRITER = """
import sys
from pathlib import Path
from leaderboard.render import write
write(Path(sys.argv[1]))
"""


def test_runs_that_end_together_write_after_each_other_and_no_row_is_lost(folder: Path) -> None:
    with folder_lock(folder):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], cwd=ROOT)
        with pytest.raises(subprocess.TimeoutExpired):
            writer.wait(3)
        write_record(record("lama", seed=1), folder / "records")
    assert writer.wait(60) == 0
    assert check(folder) == []


def test_a_page_stays_as_it_is_if_writing_it_fails(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("whole")

    def broken() -> None:
        with atomic_write(page) as path:
            path.write_text("ha")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken()
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("page.md", "whole")]


def test_the_order_of_the_records_does_not_matter(folder: Path) -> None:
    write_record(record("lama", seed=1), folder / "records")
    documents = {name: page(one.block) for name, one in PAGES.items()}
    rendered = {str(render(order, documents)) for order in permutations(read(folder.parent))}
    assert len(rendered) == 1


def test_if_one_record_is_new_the_figures_of_its_section_alone_are_drawn(folder: Path) -> None:
    other = record("lama").model_copy(update={"split": "random", "key": "f" * 64})
    write_record(other, folder / "records")
    write(folder, other)
    drawn = {path.stem for path in (folder / "figures").iterdir()}
    assert drawn == {
        f"{name}-zebrafish-synth-random-full" for name in ("confusion", "encoders", "focus", "losses", "validation")
    }
    assert check(folder) == []  # all tables are made
    changed = write(folder)
    assert changed
    assert all("-time-" in name for name in changed)


def test_figures_are_drawn_again_only_if_what_they_show_changed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes, pictures = tmp_path / "store" / "figures.json", list[object]()
    monkeypatch.setattr(figures, "picture", lambda figure: pictures.append(figure) or style.picture(figure))

    def drawn() -> int:
        """Number of figures that are drawn."""
        pictures.clear()
        write(folder, drawn=notes)
        return len(pictures)

    every = drawn()
    assert every == len(list((folder / "figures").iterdir())) > 2
    assert drawn() == 0
    figure = folder / "figures" / "losses-zebrafish-synth-time-full.png"
    whole = figure.read_bytes()
    Image.new("RGB", (2, 2)).save(figure)
    assert (drawn(), figure.read_bytes()) == (1, whole)
    figure.unlink()
    assert (drawn(), figure.read_bytes()) == (1, whole)
    for torn in ("torn", "[]", '{"a": 1}'):
        notes.write_text(torn)
        assert (drawn(), drawn()) == (every, 0)
    beside = next((folder / "records").rglob("*-focus.png"))
    Image.new("RGB", (64, 96), "black").save(beside)
    assert (drawn(), drawn()) == (every, 0)
    other = record("lama").model_copy(update={"split": "random", "key": "f" * 64})
    write_record(other, folder / "records")
    assert 0 < drawn() < every


def test_pages_are_made_again_only_if_a_record_or_the_page_changed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes, made = tmp_path / "store" / "figures.json", list[str]()
    monkeypatch.setattr(pages, "render", lambda *of: made.extend(of[1]) or render(*of))

    def rendered() -> set[str]:
        """Names of the pages that are made."""
        made.clear()
        write(folder, drawn=notes)
        return set(made)

    assert rendered() == set(PAGES)
    assert rendered() == set()
    page = folder / "classification.md"
    whole = page.read_text()
    page.write_text(whole.replace("| ", "|", 1))
    assert rendered() == {"leaderboard/classification.md"}
    assert page.read_text() == whole
    write_record(record("other"), folder / "records")
    assert rendered() == set(PAGES)
    assert "OTHER" in page.read_text()
    assert check(folder) == []


def test_text_outside_the_markers_is_kept(folder: Path) -> None:
    write(folder)
    for name in PAGES:
        text = (folder.parent / name).read_text()
        assert text.startswith("# A title\n\nProse.\n\n<!-- begin")
        assert text.endswith("-->\n\nMore prose.\n")


def test_every_link_leads_to_its_record(folder: Path) -> None:
    write(folder)
    for name in LEADERBOARDS - {"leaderboard/seeds.md"}:  # no run has several seeds
        path = folder.parent / name
        targets = [part.split(")")[0] for part in path.read_text().split("](")[1:]]
        assert targets
        for target in targets:
            if target.endswith(".json"):
                assert read_record(path.parent / target).backbone in target
            elif target.endswith(".md"):
                assert (path.parent / target).is_file()
            else:
                Image.open(path.parent / target).verify()


def test_an_edited_table_is_reported_with_its_line(folder: Path) -> None:
    write(folder)
    path = folder / "classification.md"
    lines = path.read_text().splitlines(keepends=True)
    number = next(number for number, line in enumerate(lines, start=1) if "| LAMA" in line)
    lines[number - 1] = lines[number - 1].replace("0.50", "0.99", 1)
    path.write_text("".join(lines))
    (problem,) = check(folder)
    assert problem.startswith(f"leaderboard/classification.md, line {number}: the page has '| LAMA ")
    assert "0.99" in problem.split(", the records give ")[0]
    assert "0.99" not in problem.split(", the records give ")[1]


def test_a_new_record_makes_the_tables_stale(folder: Path) -> None:
    write(folder)
    write_record(record("lama", seed=1), folder / "records")
    assert [problem.split(",")[0] for problem in check(folder)] == [name for name in PAGES if name in LEADERBOARDS]


def test_other_line_ends_in_the_table_are_a_difference(folder: Path) -> None:
    write(folder)
    path = folder / "ablation.md"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert [problem.split(":")[0] for problem in check(folder)] == ["leaderboard/ablation.md, line 5"]


def test_a_page_without_its_marker_is_refused_and_nothing_is_written(folder: Path) -> None:
    before = (folder / "classification.md").read_text()
    (folder.parent / "README.md").write_text("# No marker\n")
    with pytest.raises(InputError, match=r"README\.md: the marker <!-- begin table: leaderboard -->"):
        write(folder)
    assert (folder / "classification.md").read_text() == before


def test_the_terminal_shows_the_tables_without_pictures(folder: Path) -> None:
    text = show(folder, record("lama"))
    assert text.count("| LAMA") > 5
    assert "](figures/" not in text
    assert "<details>" not in text
    assert "-focus.png" not in text
    assert show(folder, record("lama").model_copy(update={"dataset": "other"})).count("|") == 0


def test_a_missing_page_is_refused(folder: Path) -> None:
    (folder / "clustering.md").unlink()
    with pytest.raises(InputError, match=r"clustering\.md is missing"):
        check(folder)


def test_a_file_that_is_no_record_is_named(folder: Path) -> None:
    (folder / "records" / "odd.json").write_text("{}")
    assert any("odd.json: not a record" in fault for fault in check(folder))


def test_the_project_s_own_tables_show_its_records() -> None:
    assert check(ROOT / "leaderboard") == []


def test_every_figure_of_the_project_is_linked_from_a_page() -> None:
    folder = ROOT / "leaderboard"
    pages = "".join(path.read_text() for path in (*folder.glob("*.md"), ROOT / "README.md"))
    unlinked = [path.name for path in (folder / "figures").iterdir() if f"figures/{path.name})" not in pages]
    assert unlinked == []
