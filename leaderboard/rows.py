"""Rows of the tables: records, encoders and baselines, with the Markdown of their names."""

from benchmark.data.licences import forbids_commerce
from benchmark.records.record import Record
from benchmark.vocabulary import EncoderState
from leaderboard.columns import Part, Row
from leaderboard.markdown import escape
from leaderboard.record_files import RecordFile

ENCODER_PREFIXES: dict[EncoderState, str] = {"initial": "", "untrained": "random-", "finetuned": "ref-"}
"""Prefix of an encoder's name by its state, as in the paper; in the order of the tables."""

ENCODER_PREFIXES_LEGEND = "`ref-`: after deep classification; `random-`: the same encoder with random weights."

BASELINES = {
    "chance": "*chance*",
    "majority": "*commonest individual alone*",
    "random": "*random order*",
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
    name = escape(f"{ENCODER_PREFIXES[state]}{file.record.backbone}")
    return Row(name, "random" if state == "untrained" else _weights(file.record), part, file, state)


def untrained_row(file: RecordFile, part: Part) -> Row[Part]:
    """A row named as the untrained encoder of the record's backbone."""
    return Row(f"{escape(file.record.title)}, *untrained*", "random", part, file, "untrained")


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
    return f"{escape(record.init)}{limits}{learnt}"
