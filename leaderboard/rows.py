"""Rows of the tables: records, encoders and baselines, with the Markdown of their names."""

from benchmark.data.licences import forbids_commerce
from benchmark.records.record import Record
from benchmark.vocabulary import EncoderState
from leaderboard.columns import Part, Row
from leaderboard.markdown import escape
from leaderboard.record_files import RecordFile

ENCODER_NAMES: dict[EncoderState, str] = {"initial": "{}", "untrained": "{}, untrained", "finetuned": "ref-{}"}
"""Name of an encoder by its state, from the title of its backbone; `ref-` is the paper's."""

ENCODER_NAMES_LEGEND = (
    "`ref-`: after deep classification; *classifier not trained*: the loss of that classification did not fall, so "
    "that the encoder may be worse than before; *untrained*: the same encoder with random weights, before any training."
)
RANDOM_WEIGHTS = "random weights"
"""What tables call initial weights that are drawn at random; `random` alone is a kind of split."""

BASELINES = {
    "chance": "*uniform guess*",
    "majority": "*commonest individual alone*",
    "random": "*shuffled gallery*",
    "permuted": "*permuted labels*",
}
"""Names of the baselines that know no metadata column."""


def backbone_row(file: RecordFile, part: Part | None, variant: str = "") -> Row[Part]:
    """A row named as the record's backbone.

    Args:
        file: the record.
        part: what the columns show.
        variant: which of the record's rows it is.
    """
    return Row(escape(file.record.title), _weights(file.record), part, file, variant)


def encoder_row(file: RecordFile, state: EncoderState, part: Part | None) -> Row[Part]:
    """A row named as the record's encoder in one state.

    Args:
        file: the record.
        state: of the encoder; it is the row's variant.
        part: what the columns show.
    """
    weights = RANDOM_WEIGHTS if state == "untrained" else _weights(file.record)
    name = escape(in_state(file.record.title, state))
    if state == "finetuned" and ("deep", "all") in file.not_trained:
        name += ", *classifier not trained*"
    return Row(name, weights, part, file, state)


def in_state(title: str, state: EncoderState) -> str:
    """Name of an encoder in one state.

    >>> in_state("LaMa", "finetuned"), in_state("LaMa", "untrained")
    ('ref-LaMa', 'LaMa, untrained')

    Args:
        title: of its backbone.
        state: of the encoder.
    """
    return ENCODER_NAMES[state].format(title)


def untrained_row(file: RecordFile, part: Part) -> Row[Part]:
    """A row named as the untrained encoder of the record's backbone."""
    return Row(f"{escape(file.record.title)}, *untrained*", RANDOM_WEIGHTS, part, file, "untrained")


def baseline_row(name: str, part: Part) -> Row[Part]:
    """A row of a baseline that sees no image.

    Args:
        name: `majority`, `random`, `permuted` or a metadata column.
        part: what the columns show.
    """
    return Row(baseline_name(name), None, part)


def baseline_name(name: str) -> str:
    """Markdown of a baseline that sees no image: a key of `BASELINES`, or a metadata column."""
    return BASELINES.get(name, f"*{escape(name)} alone*")


def _weights(record: Record) -> str:
    """Initial weights, whether their licence forbids commercial use, and whether the encoder then learnt inpainting."""
    limits = " (non-commercial)" if forbids_commerce(record.licence) else ""
    learnt = ", inpainting" if record.inpainting else ""
    init = RANDOM_WEIGHTS if record.init == "random" else escape(record.init)
    return f"{init}{limits}{learnt}"
