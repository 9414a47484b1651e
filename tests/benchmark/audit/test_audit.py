from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmark.audit.audit import COMPARISONS, Audit, audit, find_faults, nothing_found, sentence
from benchmark.audit.near_duplicates import VIEWS
from benchmark.data.adapters.layouts import open_dataset
from benchmark.data.catalogue import Catalogue, Row
from benchmark.errors import InputError
from benchmark.splitting.kinds import KINDS, draw_split
from benchmark.splitting.split import Split, SplitRow
from benchmark.synth.dataset import HEADER
from benchmark.vocabulary import SplitPart, SplitSet
from support.catalogues import name_digests

FRAMES = {"Vid1": 1086, "Vid2": 1138}
"""Of the AAU zebrafish set: three fish in every frame, others in each video."""

IN_THE_VIDEO = "of test images have the same animal in the same video in train, the nearest 11 frames away"


@pytest.fixture(scope="module")
def aau(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """The AAU set's table with its real frame structure; the frames are empty files, which no test opens."""
    root = tmp_path_factory.mktemp("aau-zebrafish")
    (root / "data").mkdir()
    lines = [HEADER]
    for video, (name, count) in enumerate(FRAMES.items()):
        for frame in range(1, count + 1):
            (root / "data" / f"{name}_{frame:04}.png").touch()
            for fish in range(3):
                corners = f"{100 * fish};10;{100 * fish + 90};60"
                lines.append(f"{name}_{frame:04}.png;{3 * video + fish + 1};Zebrafish;{corners};1,0,0,0;;;")
    (root / "annotations.csv").write_text("\n".join(lines) + "\n")
    return open_dataset(root, "aau-zebrafish")


def _audited(catalogue: Catalogue, kind: str) -> Audit:
    return audit(catalogue, draw_split(kind, catalogue, name_digests(catalogue), 0))


def _case(*images: tuple[str, SplitSet, SplitPart, dict[str, str]], digests: str = "") -> tuple[Catalogue, Split]:
    """A catalogue and a split of rows (identity, set, part, groups); their digests are the letters of a word."""
    rows = tuple(
        Row(f"{n:03}", identity, Path(f"{n}.png"), (0, 0, 10 * n + 10, 5), None, groups)
        for n, (identity, _, _, groups) in enumerate(images)
    )
    placed = tuple(
        SplitRow(f"{n:03}", digests[n] if digests else f"{n}", of, part) for n, (_, of, part, _) in enumerate(images)
    )
    return Catalogue("case", Path("case"), rows), Split("case", "hand", 0, "By hand.", placed)


def _at(frame: int, video: str = "v") -> dict[str, str]:
    return {"video": video, "frame": str(frame)}


def test_the_frame_structure_is_the_aau_sets(aau: Catalogue) -> None:
    assert len({row.path for row in aau.rows}) == 2224
    assert len(aau.rows) == 6672


def test_the_random_split_leaks_as_measured_on_the_aau_set(aau: Catalogue) -> None:
    report = _audited(aau, "random")
    leak = report.leaks["test_train"]
    # a test frame has two neighbours, each in train (64 + 16 of 100 images) with probability 0.8: 1 - 0.2 ** 2
    assert leak.within[1] == pytest.approx(0.96, abs=0.02)
    assert leak.within[2] == pytest.approx(1 - 0.2**4, abs=0.01)
    assert report.leaks["test_labelled"].within[1] == pytest.approx(1 - 0.36**2, abs=0.03)
    assert leak.same_frame == pytest.approx(0.96, abs=0.02)  # one of the two other fish
    assert leak.same_group == {"video": 1}
    assert sentence(report) == "random: 96 % of test images have the same animal within one frame in train"
    assert find_faults(report)[0] == "over 99 % of test images have the same animal within two frames in train"


def test_identity_is_nested_in_video(aau: Catalogue) -> None:
    for kind in ("random", "block"):
        (video,) = (one for one in _audited(aau, kind).nesting if one.column == "video")
        assert (video.relation, video.values, video.most) == ("nested", 2, 3)
        assert video.accuracy == pytest.approx(1 / 3, abs=0.01)
        assert video.adjusted_rand == pytest.approx(0.333, abs=0.01)
        assert video.mutual_information == pytest.approx(0.693, abs=0.001)
        assert video.chance == pytest.approx(1 / 6, abs=0.01)


@pytest.mark.parametrize("kind", ["block", "time", "open", "disjoint"])
def test_the_other_splits_of_it_are_clean(aau: Catalogue, kind: str) -> None:
    report = _audited(aau, kind)
    assert find_faults(report) == []
    for name in COMPARISONS:
        searches_itself = kind == "disjoint" and name == "gallery"
        assert set(report.leaks[name].within.values()) == {0} or searches_itself


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("block", f"block: 100 % {IN_THE_VIDEO}"),
        ("open", f"open: 67 % {IN_THE_VIDEO}; 2 of 6 individuals of test are not in train"),
        ("disjoint", "disjoint: no individual of test is in train; each shares its video with another one"),
    ],
)
def test_their_sentences(aau: Catalogue, kind: str, expected: str) -> None:
    assert sentence(_audited(aau, kind)) == expected


def test_the_aau_set_allows_no_sequence_split(aau: Catalogue) -> None:
    with pytest.raises(InputError, match=r"nested in video\. Splits .* supports: random, block, time, open, disjoint"):
        draw_split("sequence", aau, name_digests(aau), 0)
    assert len(KINDS) == 6


def test_an_audit_survives_json(aau: Catalogue) -> None:
    report = _audited(aau, "block")
    assert Audit.model_validate_json(report.model_dump_json()) == report


def test_distances_and_shares_by_hand() -> None:
    report = audit(
        *_case(
            ("fox", "classify", "train", _at(10)),
            ("fox", "inpaint", "train", _at(20)),
            ("owl", "classify", "train", _at(13)),
            ("fox", "classify", "val", _at(17)),
            ("fox", "classify", "test", _at(11)),  # one frame from 10
            ("fox", "classify", "test", _at(18)),  # two frames from the inpainting set's 20, eight from 10
            ("owl", "classify", "test", _at(10)),  # in a frame of train with the fox, three frames from the owl
            ("owl", "classify", "test", _at(10, "w")),  # in another video
        )
    )
    leak = report.leaks["test_train"]
    assert leak.within == {1: 0.25, 2: 0.5, 5: 0.75, 10: 0.75}
    assert (leak.images, leak.nearest, leak.same_frame, leak.exact) == (4, 1, 0.25, 0)
    assert leak.same_group == {"video": 0.75}
    assert (leak.near, leak.similar) == (None, None)
    assert report.leaks["test_labelled"].within == {1: 0.25, 2: 0.25, 5: 0.5, 10: 0.75}
    assert report.leaks["test_val"].within == {1: 0.25, 2: 0.25, 5: 0.25, 10: 0.5}
    assert report.leaks["val_train"].within == {1: 0, 2: 0, 5: 1, 10: 1}
    assert report.leaks["inpaint_test"].images == 0
    assert sentence(report) == "hand: 50 % of test images have the same animal within two frames in train"


def test_copies_are_found_across_parts_and_under_other_names() -> None:
    report = audit(
        *_case(
            ("fox", "classify", "train", {}),
            ("fox", "classify", "train", {}),
            ("owl", "classify", "val", {}),
            ("owl", "classify", "test", {}),
            ("fox", "classify", "test", {}),
            digests="abbac",
        )
    )
    assert report.leaks["test_train"].exact == 0.5
    assert report.leaks["val_train"].exact == 1
    assert (report.repeated, report.contradictory) == (4, 4)
    assert find_faults(report) == [
        "50 % of test images are copies of images in train",
        "100 % of validation images are copies of images in train",
    ]
    assert sentence(report) == (
        "hand: no metadata shows which images were taken together; 1 of 2 individuals of test are not in train; "
        "50 % of test images are copies of training images"
    )


def _two_hundred(near: int) -> tuple[Catalogue, Split, np.ndarray]:
    """A training image for each of 200 test images, so many of which look alike."""
    case = _case(*[("fox", "classify", "train" if n < 200 else "test", {}) for n in range(400)])
    hashes = np.random.default_rng(0).integers(0, 2**64, (400, VIEWS), dtype=np.uint64)
    hashes[200 : 200 + near] = hashes[:near] ^ np.uint64(0b1111)
    return *case, hashes


def test_of_one_individual_a_few_look_alikes_may_be_chance_more_are_not() -> None:
    catalogue, split, hashes = _two_hundred(2)
    few = audit(catalogue, split, hashes=hashes)
    near = few.leaks["test_train"].near
    assert near is not None
    assert (near.share, find_faults(few)) == (0.01, [])
    assert sentence(few) == "hand: no metadata shows which images were taken together"
    catalogue, split, hashes = _two_hundred(3)
    more = audit(catalogue, split, hashes=hashes)
    assert find_faults(more) == ["2 % of test images look like an image in train"]
    assert sentence(more).endswith("; 2 % of test images look like an image in train")


def test_look_alikes_are_a_fault_only_beyond_those_of_different_individuals() -> None:
    """Five animals with ten training and two test images; every image has one of a few looks."""
    names = ("asp", "bat", "cat", "doe", "elk")
    images = [(name, "classify", part, {}) for name in names for part in ["train"] * 10 + ["test"] * 2]
    catalogue, split = _case(*images)  # type: ignore[arg-type]
    rng = np.random.default_rng(1)
    looks = rng.integers(0, 2**64, (60, VIEWS), dtype=np.uint64)
    like_all = audit(catalogue, split, hashes=looks[rng.integers(0, 4, 60)])
    assert find_faults(like_all) == []
    assert "100 % of test images look like an image of their animal in train, 9" in sentence(like_all)
    assert sentence(like_all).endswith("like one of another animal, which is no clear difference")
    like_own = audit(catalogue, split, hashes=looks[np.arange(60) // 12])
    assert find_faults(like_own) == [
        "100 % of test images look like an image of their animal in train, 0 % like one of another animal"
    ]


def test_the_gallery_is_audited_without_adjacent_frames_and_in_a_disjoint_split_it_is_the_test_images() -> None:
    trained = [("fox", "classify", "train", _at(frame)) for frame in range(61)]
    tested = [(name, "classify", "test", _at(frame)) for name in ("owl", "elk") for frame in (1, 2, 30, 60)]
    catalogue, split = _case(*trained, *tested)  # type: ignore[arg-type]
    looks = np.random.default_rng(0).integers(0, 2**64, (69, VIEWS), dtype=np.uint64)
    looks[[62, 66]] = looks[[61, 65]]  # only adjacent frames look alike
    report = audit(catalogue, split, hashes=looks)
    gallery = report.leaks["gallery"]
    assert (gallery.images, gallery.within[1], gallery.same_group) == (8, 0.5, {"video": 1})
    assert gallery.near is not None
    assert gallery.near.own == 0
    assert find_faults(report) == []
    looks[[63, 64, 67, 68]] = looks[[61, 61, 65, 65]]  # 28 frames away, and further
    assert find_faults(audit(catalogue, split, hashes=looks)) == [
        "100 % of queries look like an image of their animal in the gallery, 0 % like one of another animal"
    ]


@pytest.mark.parametrize(("videos", "alone"), [("aab", 1), ("abc", 3), ("aaa", 0)])
def test_individuals_with_a_place_of_their_own_are_a_fault_of_a_disjoint_split(videos: str, alone: int) -> None:
    tests = [(f"fox{n}", "classify", "test", {"video": video}) for n, video in enumerate(videos) for _ in range(2)]
    report = audit(*_case(("owl", "classify", "train", {"video": "a"}), *tests))  # type: ignore[arg-type]
    assert report.alone == alone
    text = f"{alone} of 3 individuals of test share their video with no other, so that the video alone finds them"
    assert find_faults(report) == ([text] if alone else [])
    assert (text in sentence(report)) == bool(alone)


@pytest.mark.parametrize(
    ("groups", "text"),
    [
        ({}, "Nothing suspicious found (no dates, no sequences, no cameras, no frames, no look-alikes known)."),
        (
            {"date": "2024-05-01", "encounter": "7"},
            "Nothing suspicious found (no cameras, no frames, no look-alikes known).",
        ),
    ],
)
def test_a_split_without_faults_says_what_could_not_be_checked(groups: dict[str, str], text: str) -> None:
    assert nothing_found(audit(*_case(("fox", "classify", "test", groups)))) == text


def test_with_all_columns_and_pixels_nothing_is_unknown() -> None:
    groups = {"timestamp": "2024-05-01", "camera": "c"} | _at(3)
    report = audit(*_case(("fox", "classify", "test", groups)), hashes=np.zeros((1, VIEWS), np.uint64))
    assert nothing_found(report) == "Nothing suspicious found."


def test_similar_embeddings_are_reported_but_no_fault() -> None:
    catalogue, split = _case(*[("fox", "classify", part, {}) for part in ("train", "train", "test", "test")])
    embeddings = np.array([[1, 0], [0, 1], [1, 0.01], [-1, -1.5]])
    report = audit(catalogue, split, embeddings=embeddings - embeddings.mean(axis=0) + 7)
    assert report.leaks["test_train"].similar == 0.5
    assert find_faults(report) == []


def test_the_balance_by_hand() -> None:
    report = audit(
        *_case(
            ("fox", "classify", "train", {}),
            ("fox", "classify", "train", {}),
            ("owl", "classify", "train", {}),
            ("owl", "classify", "test", {}),
        )
    )
    balance = {(one.set, one.part): one for one in report.balance}
    train, test = balance["classify", "train"], balance["classify", "test"]
    assert (train.images, train.individuals, train.fewest, train.most, train.side) == (3, 2, 1, 2, 20)
    assert (test.images, test.individuals, test.fewest, test.most, test.side) == (1, 1, 0, 1, 40)
    empty = balance["inpaint", "val"]
    assert (empty.images, empty.individuals, empty.fewest, empty.most, empty.side) == (0, 0, 0, 0, None)


def test_an_empty_test_part_is_not_clean() -> None:
    report = audit(*_case(("fox", "classify", "train", _at(1)), ("fox", "classify", "val", _at(9))))
    assert find_faults(report) == ["there are no test images"]
    assert sentence(report) == "hand: there are no test images"


def test_images_that_the_split_leaves_out_count_for_nothing() -> None:
    catalogue, split = _case(
        ("fox", "classify", "train", _at(1)),
        ("fox", "classify", "train", _at(49)),
        ("fox", "classify", "test", _at(50)),
    )
    without = replace(split, rows=(split.rows[0], split.rows[2]))
    leak = audit(catalogue, without).leaks["test_train"]
    assert (leak.nearest, leak.images) == (49, 1)


def test_groups_that_some_rows_lack_are_matched_among_the_others() -> None:
    report = audit(
        *_case(
            ("fox", "classify", "train", {"sequence": "1"}),
            ("fox", "classify", "train", {}),
            ("fox", "classify", "test", {"sequence": "1"}),
            ("fox", "classify", "test", {}),
        )
    )
    assert report.leaks["test_train"].same_group == {"sequence": 0.5}
    assert report.leaks["test_train"].within == {}
    assert sentence(report) == "hand: 50 % of test images have the same animal in the same sequence in train"


def test_if_few_are_near_in_frames_the_sequence_comes_first() -> None:
    train: tuple[str, SplitSet, SplitPart, dict[str, str]] = ("fox", "classify", "train", _at(0))
    tests = [("fox", "classify", "test", _at(80 * n + 1)) for n in range(5)]
    line = sentence(audit(*_case(train, *tests)))  # type: ignore[arg-type]
    assert line == ("hand: 100 % of test images have the same animal in the same video in train, 20 % within one frame")


@pytest.mark.parametrize(
    ("hits", "images", "percent"),
    [(1, 400, "under 1 %"), (399, 400, "over 99 %"), (4, 400, "1 %"), (396, 400, "99 %"), (9, 9, "100 %")],
)
def test_shares_never_round_to_none_or_all(hits: int, images: int, percent: str) -> None:
    tests = [("fox", "classify", "test", {"sequence": "a" if n < hits else "b"}) for n in range(images)]
    report = audit(*_case(("fox", "classify", "train", {"sequence": "a"}), *tests))  # type: ignore[arg-type]
    assert sentence(report).startswith(f"hand: {percent} of test images")


def test_a_split_of_another_data_set_is_refused(aau: Catalogue) -> None:
    _, split = _case(("fox", "classify", "test", {}))
    with pytest.raises(InputError, match="names 1 images that aau-zebrafish lacks, the first is '000'"):
        audit(aau, split)


def test_arrays_of_other_rows_are_refused() -> None:
    case = _case(("fox", "classify", "test", {}))
    with pytest.raises(InputError, match="There are 2 hashes for the 1 images"):
        audit(*case, hashes=np.zeros((2, VIEWS), np.uint64))
    with pytest.raises(InputError, match="There are 3 embeddings for the 1 images"):
        audit(*case, embeddings=np.zeros((3, 4)))
    with pytest.raises(InputError, match="The embedding of '000' is not finite"):
        audit(*case, embeddings=np.array([[np.inf]]))
