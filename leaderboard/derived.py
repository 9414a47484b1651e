"""Numbers that tables and figures derive from a record's scores."""

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from benchmark.records.classification import Classification, Scores, VariantScores
from benchmark.records.localisation import Localisation
from benchmark.records.record import Record
from benchmark.vocabulary import ClassifierKind, Mode, RegionVariant

Head = tuple[ClassifierKind | Literal["untrained"], RegionVariant]
"""A head that is trained by gradient descent: its mode and region variant, or that on the untrained encoder."""

MOST_OF_A_GUESS = 0.9
"""A head is trained if its last training loss is at most this share of that of a guess among all individuals."""


def is_trained(loss: float, individuals: int) -> bool:
    """Whether a head with this last training loss, in nats, knows more than that all individuals are equally likely.

    Args:
        loss: mean cross-entropy over the last epoch.
        individuals: number that can be the answer, C; a guess has the loss ln C.

    Example:
        >>> is_trained(1.7, 6), is_trained(1.6, 6)
        (False, True)
    """
    return loss <= MOST_OF_A_GUESS * math.log(individuals)


def not_trained(record: Record) -> dict[Head, float]:
    """The last training loss of each head that is not trained."""
    losses: dict[Head, Sequence[float]] = {
        (mode, name): one.losses for mode, variants in record.ablation.items() for name, one in variants.items()
    }
    losses |= {(mode, "all"): _losses(one) for mode, one in record.classification.items()}
    if record.untrained:
        losses["untrained", "all"] = _losses(record.untrained)
    return {
        head: values[-1]
        for head, values in losses.items()
        if values and not is_trained(values[-1], record.candidate_count)
    }


def without_heads(record: Record, heads: Mapping[Head, float]) -> Record:
    """The record without all that was scored with these heads, so that no table and no figure shows it.

    Args:
        record: the whole record.
        heads: from `not_trained`.
    """

    def rest(
        scores: Mapping[Mode, Mapping[RegionVariant, VariantScores]],
    ) -> dict[Mode, dict[RegionVariant, VariantScores]]:
        return {
            mode: {name: one for name, one in variants.items() if (mode, name) not in heads}
            for mode, variants in scores.items()
        }

    return record.model_copy(
        update={
            "classification": {mode: one for mode, one in record.classification.items() if (mode, "all") not in heads},
            "untrained": None if ("untrained", "all") in heads else record.untrained,
            "ablation": rest(record.ablation),
            "validation": rest(record.validation),
        }
    )


def _losses(classifier: Classification) -> list[float]:
    return [epoch.loss for epoch in classifier.validation]


def reliance(scores: Mapping[RegionVariant, Scores]) -> float | None:
    """Background - Body: accuracy on the background less accuracy on the body without its pattern.

    None if one of the two is missing.
    """
    if not {"background", "body"} <= set(scores):
        return None
    return scores["background"].accuracy - scores["body"].accuracy


def pattern_gain(scores: Mapping[RegionVariant, Scores]) -> float | None:
    """No background - No pattern: accuracy without the background less accuracy without the pattern.

    None if one of the two is missing.
    """
    if not {"no_background", "no_pattern"} <= set(scores):
        return None
    return scores["no_background"].accuracy - scores["no_pattern"].accuracy


def by_hirescam(classifier: Classification) -> Localisation | None:
    """Localisation by HiResCAM, which every record has that has CAMs, whatever the method of its protocol."""
    return next((one for one in classifier.localisations if one.method == "hirescam"), None)


def excess_density(localisation: Localisation) -> float | None:
    """Density on the pattern less that of the same CAMs on images of other units; None if one of the two is missing."""
    own, swap = localisation.density.pattern, localisation.swap.density.pattern if localisation.swap else None
    return None if own is None or swap is None else own - swap


def share_of_ceiling(localisation: Localisation) -> float | None:
    """Density on the pattern as a share of the highest that the CAMs' grid allows; None if one is missing."""
    return _of_ceiling(localisation, localisation.density.pattern)


def swap_share_of_ceiling(localisation: Localisation) -> float | None:
    """The same share of the same CAMs on images of other units: what a CAM that ignores its image reaches."""
    return _of_ceiling(localisation, localisation.swap.density.pattern if localisation.swap else None)


def _of_ceiling(localisation: Localisation, density: float | None) -> float | None:
    ceiling = localisation.ceiling.pattern
    return None if density is None or ceiling is None else density / ceiling
