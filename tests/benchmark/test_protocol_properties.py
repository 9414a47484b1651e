"""A protocol written as TOML is read as it was, for generated protocols."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark import vocabulary
from benchmark.protocol import (
    AblationSection,
    CamSection,
    ClassifySection,
    InpaintSection,
    LimitsSection,
    Overrides,
    Protocol,
    RetrievalSection,
    read_protocol,
)

COUNTS = st.integers(1, 10**6)
RATES = st.floats(0, 1, exclude_min=True)


def _choices(name: str) -> st.SearchStrategy[str]:
    return st.sampled_from(get_args(getattr(vocabulary, name)))


OVERRIDES = st.builds(
    Overrides,
    init=st.none() | _choices("Init"),
    batch_size=st.none() | COUNTS,
)
PROTOCOLS = st.builds(
    Protocol,
    name=st.just("own"),
    image_size=COUNTS,
    seed=st.integers(0, 2**31 - 1),
    init=_choices("Init"),
    precision=_choices("Precision"),
    inpaint=st.builds(
        InpaintSection,
        masks=_choices("HoleKind"),
        originals=st.none() | COUNTS,
        epochs=COUNTS,
        patience=COUNTS,
        perceptual=_choices("PerceptualWeights"),
        batch_size=COUNTS,
    ),
    classify=st.builds(
        ClassifySection,
        modes=st.lists(_choices("Mode"), unique=True).map(tuple),
        images=st.none() | COUNTS,
        epochs=COUNTS,
        batch_size=COUNTS,
        learning_rate=RATES,
        pooling=_choices("Pooling"),
    ),
    ablation=st.builds(
        AblationSection, modes=st.none() | st.just(()), images_per_individual=COUNTS, fill=_choices("Fill")
    ),
    retrieval=st.builds(RetrievalSection, backend=_choices("RetrievalBackend")),
    cam=st.builds(CamSection, method=_choices("CamMethod"), probes_per_individual=COUNTS),
    clean_split=st.booleans(),
    limits=st.builds(LimitsSection, seconds=COUNTS, memory_gib=st.floats(0.1, 4096)),
    backbones=st.dictionaries(st.text("abc_", min_size=1, max_size=4), OVERRIDES, max_size=2),
)


@settings(max_examples=40, deadline=None)
@given(PROTOCOLS)
def test_a_protocol_is_read_as_it_was_written(protocol: Protocol) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "own.toml"
        path.write_text(tomli_w.dumps(protocol.model_dump(exclude={"name"}, exclude_none=True)), encoding="utf-8")
        read = read_protocol(str(path), Path(folder) / "shipped")
    assert read == protocol
    assert read.rules == protocol.rules


@settings(max_examples=40, deadline=None)
@given(PROTOCOLS, OVERRIDES)
def test_the_rules_do_not_depend_on_backbones_seed_or_limits(protocol: Protocol, own: Overrides) -> None:
    changed = protocol.model_copy(
        update={"name": "other", "seed": 0, "backbones": {"a": own}, "limits": LimitsSection(seconds=1, memory_gib=1)}
    )
    assert changed.rules == protocol.rules
