"""Where the project lies, and beside it the reference data, which not every machine has."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
FACTS = ROOT.parent / "shared" / "design" / "inpainting"
"""What the authors' inpainting networks are, and what they gave for weights and inputs made by a rule."""

FISH = ROOT.parent / "shared" / "data" / "fs48-sample"
"""480 real photos of eight fish, with masks and sequences."""
