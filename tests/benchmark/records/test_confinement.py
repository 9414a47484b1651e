"""A record tells whether its contestant was confined."""

import pytest

from benchmark.records.confinement import is_unconfined
from benchmark.records.consistency import problems
from benchmark.records.provenance import Provenance
from support.records import PROVENANCE, blank_record

IN_A_CONTAINER, AS_A_PROGRAM = ({"runner": "docker", "image": "sha256:0"}, {"runner": "process", "image": ""})


def origin(**fields: str) -> Provenance:
    return PROVENANCE.model_copy(update=fields)


@pytest.mark.parametrize(
    ("backbone", "origin_fields", "unconfined"),
    [
        ("guest", AS_A_PROGRAM, True),
        ("guest:lama", AS_A_PROGRAM, True),
        ("lama2", AS_A_PROGRAM, True),
        ("guest", IN_A_CONTAINER, False),
        ("lama", AS_A_PROGRAM, False),
        ("timm:resnet18", AS_A_PROGRAM, False),
        ("lama", IN_A_CONTAINER, False),
    ],
)
def test_a_stranger_outside_a_container_is_unconfined(
    backbone: str, origin_fields: dict[str, str], unconfined: bool
) -> None:
    assert is_unconfined(blank_record(backbone=backbone, provenance=origin(**origin_fields))) == unconfined


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"runner": "docker", "image": ""}, ["provenance.image: it is empty, but the runner is docker"]),
        ({"runner": "process", "image": "sha256:0"}, ["provenance.image: it is named, but the runner is process"]),
        (AS_A_PROGRAM, []),
        (IN_A_CONTAINER, []),
    ],
)
def test_a_container_has_an_image_and_a_program_has_none(fields: dict[str, str], problem: list[str]) -> None:
    assert problems(blank_record(test_images=None, provenance=origin(**fields))) == problem
