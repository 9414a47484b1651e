"""Paths of the checkout, of the reference values and of the real photos beside it."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "tests" / "reference"
"""Outputs and losses of the authors' inpainting networks for weights and inputs made by a rule; see its README."""

FISH = ROOT.parent / "shared" / "data" / "fs48-sample"
"""480 real photos of eight fish, with masks and sequences; not part of the repository."""
