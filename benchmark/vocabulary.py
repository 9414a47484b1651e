"""The closed choices of the benchmark, one enumeration a choice; every other module takes them from here."""

from typing import Literal, get_args

Mode = Literal["shallow", "deep"]
"""What a classifier trains: its head on frozen embeddings (`shallow`), or head and encoder (`deep`)."""

EncoderState = Literal["untrained", "initial", "finetuned"]
"""Weights of an encoder: random and never trained (`untrained`), before any label was seen (`initial`: inpainting
training, published weights or random ones), or after deep classification (`finetuned`)."""

Region = Literal["background", "body", "pattern"]
"""Regions of an image: outside the animal, the animal without its pattern, and the pattern."""

RegionVariant = Literal["background", "body", "pattern", "no_background", "no_body", "no_pattern", "all"]
"""Region variants of the paper: one region alone, all but one, or the whole image."""

Fill = Literal["zero", "mean", "blur", "noise"]
"""What replaces the pixels that a region variant hides: zeros (the paper), the image's mean colour, the image heavily
blurred, or noise."""

CamMethod = Literal["gradcam", "hirescam", "layercam", "eigencam"]
"""Methods of class activation mapping; `gradcam` is the paper's."""

HoleKind = Literal["pattern", "irregular"]
"""Holes to inpaint: the animal's pattern (the paper), or random strokes, fixed for each image."""

Filling = Literal["model", "mean_colour", "telea"]
"""Ways to fill a hole: the trained model, and two baselines that learn nothing."""

Init = Literal["random", "published"]
"""Weights that a training starts from."""

PerceptualWeights = Literal["published", "none"]
"""Perceptual networks of an inpainting loss: the authors' published ones, or the loss without these terms."""

Pooling = Literal["flatten", "average"]
"""How a feature map becomes an embedding: all of it as one vector (the paper), or its mean over positions."""

Precision = Literal["float32", "bfloat16"]
"""Arithmetic of the networks."""

Device = Literal["cpu", "cuda"]
"""Hardware that a stage computes on."""

Distance = Literal["cosine", "euclidean"]
"""Distances between embeddings by which images are ranked."""

RetrievalBackend = Literal["numpy", "faiss"]
"""Implementations of the ranking: exact, or faster in large galleries without mean average precision."""

EmbeddingView = Literal["raw", "unit", "whitened"]
"""Embeddings as they are, scaled to unit length, or their leading principal components scaled to unit variance."""

SplitSet = Literal["inpaint", "classify"]
"""The two sets of a split: images for inpainting and images for classification."""

SplitPart = Literal["train", "val", "test"]
"""The three parts of each set."""

IdentitySetting = Literal["closed", "open", "disjoint"]
"""Whether all, some or none of the test identities occur in the training set."""

RunStatus = Literal["ok", "timeout", "oom_host", "oom_gpu", "crash", "bad_output", "image_missing"]
"""How a run ended: well, or why it failed."""

RunnerName = Literal["process", "docker"]
"""Ways to run a stage: as a child process, or in a container."""

MODES: tuple[Mode, ...] = get_args(Mode)
ENCODER_STATES: tuple[EncoderState, ...] = get_args(EncoderState)
REGIONS: tuple[Region, ...] = get_args(Region)
REGION_VARIANTS: tuple[RegionVariant, ...] = get_args(RegionVariant)
SPLIT_SETS: tuple[SplitSet, ...] = get_args(SplitSet)
SPLIT_PARTS: tuple[SplitPart, ...] = get_args(SplitPart)
