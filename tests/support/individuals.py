"""Records with the answers for each test image and the recall of each individual, made by hand."""

from collections.abc import Sequence

from benchmark.records.classification import Classification
from leaderboard.record_files import RecordFile
from support.records import blank_record, trained


def answering(answers: Sequence[int], recall: Sequence[float | None]) -> Classification:
    """A classifier with these answers.

    Args:
        answers: class number given to each test image.
        recall: of each individual.
    """
    return trained(0.5, answers=answers, individual_recall=recall)


def individuals_file(title: str, labels: Sequence[int], *names: str, **classification: Classification) -> RecordFile:
    """A record with these test images and classifiers.

    Args:
        title: of the backbone.
        labels: class number of each test image.
        names: of all individuals, in the order of class numbers.
        classification: classifiers by mode.
    """
    images = {"labels": labels, "groups": range(len(labels)), "by": "images", "identities": names}
    record = blank_record(
        key=title.encode().hex(),
        backbone=title,
        title=title,
        individuals=len(names),
        classification=classification,
        test_images=images | {"train_images": [1] * len(names)},
    )
    return RecordFile(record, f"leaderboard/records/{title}.json")


LABELS = (0, 0, 0, 0, 1, 1, 3)
ANSWERS = (0, 1, 1, 3, 1, 1, 0)
FOUR = individuals_file(
    "Net", LABELS, "ann", "b|b", "cy", "new",
    shallow=answering(LABELS, [1, 1, None, 1]),
    deep=answering(ANSWERS, [0.25, 1, None, None]),  # training does not show the last one
)  # fmt: skip
"""Four individuals; the third one has no test image."""
