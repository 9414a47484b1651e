import pkgutil
from dataclasses import replace

import pytest

from benchmark.records.retrieval import OpenSet, Retrieval
from leaderboard import pages
from leaderboard.columns import marked
from leaderboard.page import DASH, EMPTY, Note, Page
from leaderboard.pages import ablation, classification, clustering, focus, inpainting, summary
from leaderboard.record_files import Section, read, sections
from leaderboard.render import PAGES
from leaderboard.rows import backbone_row
from support.answered import Design, answered_record
from support.paths import ROOT
from support.records import PROVENANCE, complete, failed, part, record_file, with_regions
from support.tables import cells, page_text, rows, without_runs

WITH_FAILED_ROWS = [classification.PAGE, ablation.PAGE, clustering.PAGE]
APPROXIMATE = "are approximate: proposed by a program, not all corrected by a person.*"


def bare(**fields: object) -> Page:
    """A page that shows the name of each section's split."""
    values = {"file": "leaderboard/x.md", "block": "x", "order": 0, "section": lambda section, _: section.split}
    return Page(**values | fields)  # type: ignore[arg-type]


def test_every_page_file_has_a_module_and_every_module_a_page_file() -> None:
    modules = {module.name for module in pkgutil.iter_modules(pages.__path__)}
    names = {path.stem for path in (ROOT / "leaderboard").glob("*.md")}
    assert {page.file for page in pages.find_pages()} == {"README.md", *(f"leaderboard/{name}.md" for name in names)}
    assert names | {"summary"} <= modules
    assert list(PAGES) == [page.file for page in pages.find_pages()]


def test_pages_have_their_own_places_blocks_and_figures() -> None:
    every = pages.find_pages()
    assert len({page.order for page in every}) == len({page.block for page in every}) == len(every)
    kinds = [(plot.kind, plot.variant) for page in every for plot in page.plots]
    assert len(set(kinds)) == len(kinds)


def test_sections_without_content_are_left_out_and_a_page_without_sections_has_a_sentence() -> None:
    page = bare(has=lambda section: section.split == "time")
    assert without_runs(page.text(sections([complete(), complete(split="block")]))) == f"- {DASH}\n\ntime"
    assert page.text([]) == EMPTY


def test_a_note_is_shown_if_any_section_needs_it() -> None:
    page = bare(notes=(Note("Always."), Note("Rarely.", shown=lambda section: section.split == "block")))
    assert page.legend(sections([complete()])) == f"- Always.\n- {DASH}"
    assert page.legend(sections([complete(), complete(split="block")])) == f"- Always.\n- Rarely.\n- {DASH}"


def test_a_page_can_be_limited_to_a_data_set_and_regroup_its_sections() -> None:
    files = [complete(), complete(dataset="other")]
    assert [section.dataset for section in bare(dataset="other").sections(files)] == ["other"]
    merged = bare(regroup=lambda parts: [Section("all", "s", "p", tuple(f for one in parts for f in one.files))])
    assert [len(section.files) for section in merged.sections(files)] == [2]


@pytest.mark.parametrize("page", WITH_FAILED_ROWS, ids=lambda page: page.block)
def test_a_failed_run_is_a_row_with_its_cause(page: Page) -> None:
    text = page_text(page, complete(), failed(backbone="aotgan", title="aotgan"))
    failures = cells(text, "aotgan")
    assert len(failures) == (2 if page is ablation.PAGE else 1)
    for row in failures:
        assert set(row[2:-1]) == {"–"}  # noqa: RUF001
        assert row[-1] == r"failed: `timeout` in train-deep: No answer \| for 600 s."


@pytest.mark.parametrize("page", [*WITH_FAILED_ROWS, summary.PAGE], ids=lambda page: page.block)
def test_without_records_a_page_names_the_command_that_makes_them(page: Page) -> None:
    assert "`patternbench run` writes them" in page.text([])


@pytest.mark.parametrize("page", [ablation.PAGE, focus.PAGE, inpainting.PAGE], ids=lambda page: page.block)
def test_approximate_region_masks_are_named_above_every_table_that_uses_them(page: Page) -> None:
    approximate, exact = with_regions(approximate_regions=True), with_regions(seed=1, title="Exact")
    assert APPROXIMATE not in page_text(page, exact)
    above = page_text(page, approximate).split("| Backbone")[0]
    assert f".\n\n*Region masks {APPROXIMATE}\n\n" in above
    assert f"*Region masks of LaMa {APPROXIMATE}" in page_text(page, approximate, exact)


@pytest.mark.parametrize("page", [classification.PAGE, clustering.PAGE, summary.PAGE], ids=lambda page: page.block)
def test_tables_that_use_no_regions_do_not_mention_their_masks(page: Page) -> None:
    assert "Region masks" not in page_text(page, with_regions(approximate_regions=True))


def test_rows_of_an_unconfined_contestant_are_marked_on_every_page_and_the_mark_is_explained() -> None:
    files = [file for file in read(ROOT / "leaderboard") if file.record.backbone in {"lama", "colour"}]
    strangers = [
        replace(file, record=file.record.model_copy(update={"backbone": "guest", "title": "Guest"}))
        if file.record.backbone == "lama"
        else file
        for file in files
    ]
    pages_with_marks = 0
    for page in PAGES.values():
        text = page.content(page.sections(strangers))
        names = [row[0] for row in rows(text) if "Guest" in row[0]]
        assert all(name.endswith(", **unconfined**") for name in names), page.file
        assert ("\n- **unconfined**: the contestant is not the project's" in text) == bool(names)
        assert "**unconfined**" not in page.content(page.sections(files))
        pages_with_marks += bool(names)
    assert pages_with_marks >= 8


def test_a_mean_over_seeds_is_marked_if_one_of_them_was_unconfined() -> None:
    origin = {"runner": "process", "image": ""}
    files = tuple(
        record_file(backbone="guest", seed=seed, provenance=PROVENANCE.model_copy(update=origin if seed else {}))
        for seed in (0, 1)
    )
    row = backbone_row(files[0], None)
    assert marked(row) == "LaMa"
    assert marked(replace(row, seeds=files)) == "LaMa, **unconfined**"


def test_a_row_that_is_perfect_on_test_images_alone_is_marked() -> None:
    honest, cheat = (
        replace(file, record=answered_record(design, **file.record.model_dump(include={"title", "key", "seed"})))
        for file, design in (
            (record_file(title="Honest"), Design(1, 0.9)),
            (record_file(title="Cheat", seed=1, key="f" * 16), Design(1, 0.17)),
        )
    )
    text = classification.PAGE.text(classification.PAGE.sections([honest, cheat]))
    assert {row[0] for row in rows(text)} >= {"Honest", "Cheat, **implausible**"}
    assert "\n- **implausible**: a classifier names nearly all test images rightly" in text


def test_seeds_of_a_contestant_are_one_row_of_every_table_of_every_page() -> None:
    found = {"initial": {"cosine": part(Retrieval, rank1=0.5, queries=9)}}
    one, again = (
        with_regions(seed=seed, key=f"{seed}" * 16, retrieval=found, open_set={"initial": part(OpenSet)})
        for seed in (0, 1)
    )
    for page in pages.find_pages():
        if page.has(Section("d", "s", "p", (one,))) and not page.file.endswith("seeds.md"):
            once, twice = (page_text(page, *files) for files in ([one], [one, again]))
            assert [row[:2] for row in rows(twice)] == [row[:2] for row in rows(once)]
            assert ", seed" not in "".join(row[0] for row in rows(twice))
