"""The built-in data set: generated zebrafish whose stripes come from a reaction-diffusion model."""

from benchmark.synth.dataset import generate
from benchmark.synth.settings import SynthSettings

__all__ = ["SynthSettings", "generate"]
