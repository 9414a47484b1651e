"""What the test images of a section can show: units, effective number, smallest detectable difference."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.resampling.chance import better_than_chance
from benchmark.metrics.resampling.intervals import FEWEST_GROUPS
from benchmark.metrics.resampling.power import (
    agreement_within,
    detectable_difference,
    effective_images,
    mean_discordance,
)
from benchmark.records.classification import ScoredImages, TestImages
from benchmark.records.record import Record
from benchmark.vocabulary import ClassifierKind
from leaderboard.contestants import (
    SEED,
    Contestant,
    classifier,
    contestants,
    correct,
    known,
    without_looking,
    without_looking_validation,
)
from leaderboard.formats import decimals
from leaderboard.record_files import Section
from leaderboard.rows import baseline_name

RANKED: tuple[ClassifierKind, ...] = ("linear", "deep", "shallow")
"""The classifiers by which the tables rank; rows are ordered by the first that a section has."""


class Answered(NamedTuple):
    """Contestants that answered the same test images.

    Attributes:
        contestants: in the order of the section.
        images: the test images.
        correct: of each contestant (S, K), whether each seed answers each known test image correctly.
    """

    contestants: Sequence[Contestant]
    images: TestImages
    correct: Sequence[NDArray[np.bool_]]

    @property
    def most_ranked(self) -> int:
        """The largest number of rows that are ranked together."""
        pools = [one.pool for one in self.contestants]
        return max(map(pools.count, pools))


def answered(section: Section, kind: ClassifierKind) -> Answered | None:
    """The contestants with answers to the same test images as most others; None if none has answers.

    Args:
        section: the records.
        kind: of the classifier.
    """
    able = [one for one in contestants(section) if all(_has_answers(record, kind) for record in one.records)]
    if not able:
        return None
    sets = [_test_set(one.first) for one in able]
    commonest = max(sorted(set(sets)), key=sets.count)
    same = [one for one in able if all(_test_set(record) == commonest for record in one.records)]
    images = same[0].first.test_images
    assert images is not None
    rows = [(one, right) for one in same if (right := correct(one, images, kind)) is not None]
    return Answered([one for one, _ in rows], images, [right for _, right in rows]) if rows else None


def test_images(section: Section) -> TestImages | None:
    """The test images of the first record that was scored; None if none was."""
    return next((record.test_images for record in section.records if record.test_images), None)


def has_few_units(images: ScoredImages | None) -> bool:
    """Whether the images are too few units for intervals, ranks and marks."""
    return images is not None and len(set(images.groups)) < FEWEST_GROUPS


def is_above_chance(answers: Sequence[int], record: Record, images: ScoredImages | None = None) -> bool | None:
    """Whether an accuracy is significantly better than chance; None if the units are too few to tell.

    Args:
        answers: class number given to each image.
        record: whose classifier answers.
        images: the validation images if they are answered; None = the test images.
    """
    unseen = without_looking_validation(record, images) if images else without_looking(record)
    if unseen is None or record.test_images is None:
        return None
    scored, trained = images or record.test_images, np.array(record.test_images.train_images)
    labels, groups = np.array(scored.labels), np.array(scored.groups)
    chosen = np.flatnonzero(trained[labels] > 0)
    if len(np.unique(groups[chosen])) < FEWEST_GROUPS:
        return None
    right = np.array(answers)[chosen] == labels[chosen]
    return better_than_chance(right, unseen.correct, groups[chosen], seed=SEED).verdict == "yes"


def chance_mark(above: bool | None) -> str:
    """` (n.s.)` after an accuracy that is not significantly better than chance; empty if it is, or if none can say.

    Args:
        above: from `is_above_chance`.
    """
    return " (n.s.)" if above is False else ""


def sentences(section: Section, *, classified: bool = True) -> str:
    """Units of the test images, what they are worth, the smallest detectable difference, and the best without looking.

    All classifiers count: the correlation within units is that of all rows, the discordance is that of the classifier
    with the largest one. Without answers there are only units; without test images the text is empty.

    Args:
        section: the records.
        classified: whether accuracies are shown; without them there are only units.
    """
    tables = [table for kind in RANKED if (table := answered(section, kind))] if classified else []
    images = tables[0].images if tables else test_images(section)
    if images is None:
        return ""
    groups = np.array(images.groups)[known(images)] if tables else np.array(images.groups)
    units = len(np.unique(groups))
    every = np.concatenate([seeds for table in tables for seeds in table.correct]) if tables else None
    effective = None if every is None else effective_images(groups, agreement_within(every, groups))
    worth = _worth(images, units, len(groups), effective, _spread(section, images))
    if units < FEWEST_GROUPS:
        return f"{worth} Intervals, ranks and marks need {FEWEST_GROUPS} {images.by} or more."
    if effective is None:
        return worth
    discordance = max(mean_discordance(np.stack([seeds[0] for seeds in table.correct])) for table in tables)
    rows = max(table.most_ranked for table in tables)
    least = f"between two rows {_points(detectable_difference(effective, discordance, units))}"
    if rows > 2:  # noqa: PLR2004 - more than one pair
        least += f", among {rows} ranked together {_points(detectable_difference(effective, discordance, units, rows))}"
    return (
        f"{worth} Smallest difference in accuracy that can be detected (80 % power, 5 %): {least}. {_seeds(tables)}"
    ).rstrip() + f" Chance, the best answer without looking at the animal: {_unseen(section)}."


def _has_answers(record: Record, kind: ClassifierKind) -> bool:
    return record.test_images is not None and classifier(record, kind) is not None


def _seeds(tables: Iterable[Answered]) -> str:
    """What is missing from intervals and ranks where there is one training seed."""
    counts = {len(seeds) for table in tables for seeds in table.correct}
    if counts == {1}:
        return "One training seed a row: the spread between seeds is missing from every interval and rank."
    return "Of rows with one training seed, the interval lacks the spread between seeds." if 1 in counts else ""


def _unseen(section: Section) -> str:
    """Names and accuracies of the best answers without looking, of all records."""
    best = [unseen for record in section.records if (unseen := without_looking(record))]
    texts = dict.fromkeys(f"{baseline_name(one.name)}, {decimals(one.accuracy)}" for one in best)
    return " or ".join(texts)


def _worth(images: TestImages, units: int, count: int, effective: float | None, spread: str) -> str:
    """How many independent images the test images count as.

    Args:
        images: the test images.
        units: number of their units.
        count: number of the images.
        effective: their effective number; None if no answers tell.
        spread: how the units are spread.
    """
    if images.by == "images":
        return "Units not recorded: every image counts as independent."
    one = {"stretches": "stretch"}.get(images.by, images.by.removesuffix("s"))
    source = f"{count} test images from {units} {images.by if units > 1 else one}{spread}"
    if effective is None:
        return f"{source}."
    if round(effective) >= count:
        return f"{source}; answers within a {one} agree no more than others, so every image counts as independent."
    return f"{source}; answers within a {one} agree so often that all count as {effective:.0f} independent images."


def _spread(section: Section, images: TestImages) -> str:
    """How the units are spread, such as ` (one of each of 6 individuals, in 2 recordings)`.

    Empty if a unit holds several individuals.
    """
    units = set(zip(images.labels, images.groups, strict=True))
    if len(units) > len(set(images.groups)):
        return ""
    individuals = Counter(label for label, _ in units)
    fewest, most = min(individuals.values()), max(individuals.values())
    each = "one" if most == 1 else str(most) if fewest == most else f"{fewest} to {most}"
    of = f"of each of {len(individuals)} individuals" if len(individuals) > 1 else "of one individual"
    known = [found for record in section.records if (found := record.projected_images) and found.recordings]
    recordings = next((set(one.recordings) for one in known if len(one.rows) == len(images.labels)), set())
    count = f", in {len(recordings)} recording{'s' * (len(recordings) > 1)}" if recordings else ""
    return f" ({each} {of}{count})"


def _points(difference: float | None) -> str:
    return "not even the largest" if difference is None else f"{100 * difference:.0f} points"


def _test_set(record: Record) -> tuple[str, str, tuple[int, ...]]:
    """What records share that answered the same images."""
    labels = record.test_images.labels if record.test_images else ()
    return record.provenance.data, record.provenance.split, labels
