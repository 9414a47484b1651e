"""Entries are found by name, or the error lists them; licences are warned of."""

import pytest

from benchmark.errors import InputError
from harness.weights.entries import find_entry, licence_warning, only_entry
from harness.weights.lpips import ALEXNET, LPIPS
from support.weights import backbone, entry

NET = backbone(entry("own"), entry("judge", "discriminator"), entry("look", "perceptual"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("owl", r"net has no published weights 'owl'; it has: own, judge, look\. Did you mean 'own'\?$"),
        ("x", r"it has: own, judge, look\.$"),
    ],
)
def test_an_unknown_name_is_refused_with_the_known_ones(name: str, message: str) -> None:
    assert find_entry(NET, "judge").role == "discriminator"
    with pytest.raises(InputError, match=message):
        find_entry(NET, name)


def test_a_name_of_another_variant_is_refused_with_that_variant() -> None:
    net = backbone(entry("edge", variants=["edge", "edge2"]), entry("plain", variants=[""]), variants=["edge", "edge2"])
    with pytest.raises(InputError, match=r"'edge'; it has: plain\. Those are for net:edge\.$"):
        find_entry(net, "edge")
    with pytest.raises(InputError, match=r"net:edge has no .* 'plain'; it has: edge\. Those are for net\.$"):
        find_entry(net.model_copy(update={"variant": "edge"}), "plain")


def test_a_name_may_only_be_left_out_if_there_is_one() -> None:
    assert only_entry(LPIPS) == ALEXNET
    several = LPIPS.model_copy(update={"weights": (ALEXNET, ALEXNET.model_copy(update={"name": "other"}))})
    with pytest.raises(InputError, match="Name the weights of lpips that the file holds; it has: alexnet, other"):
        only_entry(several)


@pytest.mark.parametrize(
    "licence", ["CC-BY-NC-4.0", "CC BY-NC 4.0", "non-commercial", "Noncommercial use", "academic use only"]
)
def test_a_licence_against_commercial_use_is_warned_of(licence: str) -> None:
    assert licence_warning(licence) == "Not for commercial use."


@pytest.mark.parametrize(
    "licence", ["", " ", "none", "not stated", "BSD-3-Clause for the code; the weights carry no statement of their own"]
)
def test_a_licence_that_is_not_stated_is_warned_of(licence: str) -> None:
    assert licence_warning(licence).startswith("No licence is stated")


def test_both_warnings_may_apply() -> None:
    assert licence_warning("none stated; converted from weights under CC BY-NC 4.0").startswith("Not for commercial")
    assert "No licence is stated" in licence_warning("none stated; converted from weights under CC BY-NC 4.0")


@pytest.mark.parametrize("licence", ["Apache-2.0", "MIT", "BSD-3-Clause", "CC-BY-4.0", "NCSA"])
def test_a_free_licence_is_not_warned_of(licence: str) -> None:
    assert licence_warning(licence) == ""
