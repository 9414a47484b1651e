"""The report of all field studies of a data set, and the lines that a run ends with."""

from collections.abc import Sequence

from benchmark.data.catalogue import Catalogue
from benchmark.records.field import FieldRecord
from harness.workspace import Workspace


def write_report(records: Sequence[FieldRecord], catalogue: Catalogue, workspace: Workspace) -> list[str]:
    """Temporary: the numbers as lines."""
    lines = []
    for record in records:
        for name, scores in record.schemes.items():
            lines.append(
                f"{record.title} {name} ({scores.column}): {scores.linear.accuracy:.2f} {scores.linear.interval} nearest {scores.nearest.accuracy:.2f} chance {scores.chance:.3f} {scores.better_than_chance} tested {scores.tested} detectable {scores.detectable}"
            )
            for question, parts in scores.regions.items():
                lines.append(
                    f"  {question} "
                    + ", ".join(f"{v} {p.accuracy:.2f}" for v, p in parts.items())
                    + f" advantage {scores.pattern_advantage[question]:.2f} {scores.advantage_interval[question]}"
                )
        lines.append(
            f"  retrieval across {record.retrieval.across and record.retrieval.across.rank1} anywhere {record.retrieval.anywhere.rank1} {record.retrieval.baselines}"
        )
        lines.append(
            f"  suspects {[(s.kind, record.photos[s.photo], record.identities[s.other], round(s.confidence, 2)) for s in record.suspects]}"
        )
    return lines
