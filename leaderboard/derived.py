"""Numbers that tables and figures derive from a record's scores."""

from collections.abc import Mapping

from benchmark.records.classification import Classification, Scores
from benchmark.records.localisation import Localisation
from benchmark.vocabulary import RegionVariant


def reliance(scores: Mapping[RegionVariant, Scores]) -> float | None:
    """Background / Body: accuracy on the background divided by accuracy on the body without its pattern.

    None if one of the two is missing, or if the accuracy on the body is 0.
    """
    if not {"background", "body"} <= set(scores) or not scores["body"].accuracy:
        return None
    return scores["background"].accuracy / scores["body"].accuracy


def pattern_gain(scores: Mapping[RegionVariant, Scores]) -> float | None:
    """No background - No pattern: accuracy without the background less accuracy without the pattern.

    None if one of the two is missing.
    """
    if not {"no_background", "no_pattern"} <= set(scores):
        return None
    return scores["no_background"].accuracy - scores["no_pattern"].accuracy


def all_empty(localisation: Localisation) -> bool:
    """Whether every CAM is zero everywhere; as uniform CAMs they would have density 1, which means nothing."""
    return localisation.empty == localisation.images


def pattern_density(classifier: Classification) -> float | None:
    """Density of the test images' CAMs on the pattern; None without CAMs, and if all of them are empty."""
    localisation = classifier.localisation
    return None if localisation is None or all_empty(localisation) else localisation.density.pattern
