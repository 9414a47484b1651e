"""What the paper's tables say, each as differences of two numbers, and the verdict of our records on it.

A comparison is *reproduced* if the 95 % interval of our difference excludes 0 and its sign is that of the paper's
difference; it is *not reproduced* if the interval excludes 0 and the sign is the other; else the records *cannot tell*.
It is *not run* if a run that it needs has not finished. A claim is reproduced if all of its comparisons are, not
reproduced if any of them is not, and not run if none of them is; else the records cannot tell.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmark.vocabulary import ClaimVerdict, EncoderState, Mode, RegionVariant
from leaderboard.record_files import Section
from leaderboard.reproduction import differences, paper
from leaderboard.reproduction.differences import Difference, MissingError, NotRunError, contestant


@dataclass(frozen=True)
class Comparison:
    """A difference in the paper's tables, and how it is computed from records.

    Attributes:
        title: what is compared.
        paper: the paper's difference; None if it shows by pictures alone that the difference is above 0.
        ours: our difference; raises `MissingError`.
    """

    title: str
    paper: float | None
    ours: Callable[[Section], Difference]


@dataclass(frozen=True)
class Claim:
    """A statement that the paper's tables make.

    Attributes:
        text: the statement.
        comparisons: what it stands on.
    """

    text: str
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True)
class Finding:
    """A comparison with our difference and its verdict.

    Attributes:
        comparison: the comparison.
        difference: ours.
        verdict: see the module.
        reason: why there is no other verdict; empty if the claim is reproduced or not.
    """

    comparison: Comparison
    difference: Difference
    verdict: ClaimVerdict
    reason: str = ""


def find(comparison: Comparison, section: Section) -> Finding:
    """A comparison judged by the records of a section."""
    try:
        difference = comparison.ours(section)
    except NotRunError as error:
        return Finding(comparison, Difference(reason=str(error)), "not_run", str(error))
    except MissingError as error:
        difference = Difference(reason=str(error))
    interval = difference.interval
    if interval is None:
        return Finding(comparison, difference, "cannot_tell", difference.reason)
    if interval.low <= 0 <= interval.high:
        return Finding(comparison, difference, "cannot_tell", "the interval contains 0")
    direction = 1 if comparison.paper is None else comparison.paper
    return Finding(comparison, difference, "reproduced" if interval.low * direction > 0 else "not_reproduced")


def judge(findings: Sequence[Finding]) -> ClaimVerdict:
    """The verdict of a claim from those of its comparisons."""
    verdicts = {finding.verdict for finding in findings}
    if "not_reproduced" in verdicts:
        return "not_reproduced"
    return verdicts.pop() if len(verdicts) == 1 else "cannot_tell"


def _over_chance(text: str, mode: Mode, variant: RegionVariant, backbones: Sequence[str]) -> Claim:
    """A claim that accuracies are above chance; the paper's cells at chance are no part of it.

    Args:
        text: the claim.
        mode: of the classifier.
        variant: region variant.
        backbones: whose accuracies are compared.
    """

    def compare(backbone: str) -> Comparison:
        return Comparison(
            paper.TITLES[backbone],
            paper.accuracy(backbone, mode, variant) - paper.CHANCE,
            lambda section: differences.over_chance(contestant(section, backbone), mode, variant),
        )

    at_chance = round(paper.CHANCE, 2)
    return Claim(text, tuple(map(compare, (b for b in backbones if paper.accuracy(b, mode, variant) > at_chance))))


def _between_variants(text: str, mode: Mode, variant: RegionVariant, other: RegionVariant) -> Claim:
    """A claim on two region variants of each model that inpaints.

    Args:
        text: the claim.
        mode: of the classifiers.
        variant: region variant of the first accuracy.
        other: region variant of the second.
    """

    def compare(backbone: str) -> Comparison:
        return Comparison(
            paper.TITLES[backbone],
            paper.accuracy(backbone, mode, variant) - paper.accuracy(backbone, mode, other),
            lambda section: differences.between_variants(contestant(section, backbone), mode, variant, other),
        )

    return Claim(text, tuple(map(compare, paper.INPAINTING_MODELS)))


def _over_baselines(text: str, mode: Mode) -> Claim:
    """A claim on each model that inpaints against each baseline.

    Args:
        text: the claim.
        mode: of the classifiers.
    """

    def compare(backbone: str, baseline: str) -> Comparison:
        return Comparison(
            f"{paper.TITLES[backbone]}, {paper.TITLES[baseline]}",
            paper.accuracy(backbone, mode, "all") - paper.accuracy(baseline, mode, "all"),
            lambda section: differences.between_contestants(
                contestant(section, backbone), contestant(section, baseline), mode, "all"
            ),
        )

    pairs = ((backbone, baseline) for backbone in paper.INPAINTING_MODELS for baseline in paper.BASELINES)
    return Claim(text, tuple(compare(*pair) for pair in pairs))


def _clusters(text: str, state: EncoderState, before: EncoderState | None) -> Claim:
    """A claim on the adjusted Rand index of each model that inpaints.

    Args:
        text: the claim.
        state: of the encoder.
        before: the state that it is compared with; None = chance.
    """

    def compare(backbone: str) -> Comparison:
        of = paper.CLUSTERING[backbone]
        return Comparison(
            paper.TITLES[backbone],
            of[state].adjusted_rand - (of[before].adjusted_rand if before else 0),
            lambda section: differences.between_states(contestant(section, backbone), state, before),
        )

    return Claim(text, tuple(map(compare, paper.CLUSTERING)))


def _looks_at_pattern(text: str) -> Claim:
    """A claim on the CAMs of each model that inpaints, trained deep."""

    def compare(backbone: str) -> Comparison:
        return Comparison(
            paper.TITLES[backbone],
            None,
            lambda section: differences.excess_on_pattern(contestant(section, backbone), "deep"),
        )

    return Claim(text, tuple(map(compare, paper.INPAINTING_MODELS)))


CLAIMS = (
    _over_chance(
        "Trained deep, encoders that learnt to inpaint identify the individuals: accuracy on whole images is above "
        "chance.",
        "deep",
        "all",
        tuple(paper.INPAINTING_MODELS),
    ),
    _over_baselines("Trained deep, they identify better than EfficientNet and InceptionV3.", "deep"),
    _over_chance(
        "Frozen, all encoders identify the individuals: shallow accuracy on whole images is above chance.",
        "shallow",
        "all",
        tuple(paper.TITLES),
    ),
    _over_baselines(
        "Frozen, encoders that learnt to inpaint against EfficientNet and InceptionV3: the order of the paper's table.",
        "shallow",
    ),
    _over_chance(
        "The pattern alone identifies: deep accuracy on it is above chance.",
        "deep",
        "pattern",
        tuple(paper.INPAINTING_MODELS),
    ),
    _over_chance(
        "The background alone identifies: deep accuracy on it is above chance.",
        "deep",
        "background",
        tuple(paper.INPAINTING_MODELS),
    ),
    _between_variants(
        "The pattern alone against the background alone, deep: the order of the paper's table.",
        "deep",
        "pattern",
        "background",
    ),
    _between_variants("Hiding the pattern lowers the deep accuracy.", "deep", "all", "no_pattern"),
    _looks_at_pattern(
        "Trained deep, they look at the pattern: the density of Grad-CAM on it is above that of the same CAMs on other "
        "images."
    ),
    _clusters(
        "Clusters of the embeddings agree with the individuals: the adjusted Rand index after inpainting is above 0.",
        "initial",
        None,
    ),
    _clusters(
        "Deep classification changes the adjusted Rand index in the direction of the paper's table.",
        "finetuned",
        "initial",
    ),
)
"""In the order of the page."""
