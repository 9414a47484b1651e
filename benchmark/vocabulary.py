"""The closed choices of the benchmark, one enumeration a choice; every other module takes them from here."""

from typing import Literal, get_args

Mode = Literal["shallow", "deep"]
"""What a backbone trains with a classifier's head, by gradient descent for a fixed number of epochs.

- `shallow`: the head is trained on the embeddings of a frozen encoder, as in the paper. The result depends on the scale
  of the embeddings and on the learning rate; the linear probe does not.
- `deep`: head and encoder are trained.
"""

ClassifierKind = Literal["linear", "nearest", "deep", "shallow"]
"""Classifiers of an encoder state, in the order of the tables.

- `linear`: logistic regression on the frozen embeddings, fitted by the harness until it converges.
- `nearest`: the nearest training images by cosine vote.
- `deep`: the head trained with the encoder.
- `shallow`: the head trained on the embeddings of the frozen encoder.
"""

EncoderState = Literal["untrained", "initial", "finetuned"]
"""Weights of an encoder, by what was done to them.

- `untrained`: random weights, never trained: the control.
- `initial`: before any label was seen: after inpainting training, or published or random weights. In tables without
  prefix.
- `finetuned`: after deep classification. In tables `ref-`, as in the paper.
"""

Region = Literal["background", "body", "pattern"]
"""Regions of an image.

- `background`: outside the animal.
- `body`: the animal without its pattern.
- `pattern`: the pattern.
"""

RegionVariant = Literal["background", "body", "pattern", "no_background", "no_body", "no_pattern", "all"]
"""The paper's seven region variants: which regions of an image are visible.

- `background`: only the background is visible.
- `body`: only the body is visible.
- `pattern`: only the pattern is visible.
- `no_background`: all but the background is visible.
- `no_body`: all but the body is visible.
- `no_pattern`: all but the pattern is visible.
- `all`: the whole image.
"""

RegionQuestion = Literal["reliance", "information"]
"""Questions that a probe answers about one region variant.

- `reliance`: what does a classifier of whole images rely on? The probe is fitted on whole images and shown the variant.
- `information`: what identifies the animals in the variant? The probe is fitted on the variant and shown it (remove and
  retrain, Hooker et al. 2019).
"""

Fill = Literal["zero", "mean", "blur", "noise", "shuffle"]
"""What replaces the pixels that a region variant hides.

- `zero`: black, as in the paper.
- `mean`: the image's mean colour.
- `blur`: the image blurred by a wide Gaussian.
- `noise`: noise around the mean colour.
- `shuffle`: the image's own pixels in random order: its colours without any shape.
"""

CamMethod = Literal["gradcam", "hirescam", "layercam", "eigencam"]
"""Methods of class activation mapping (CAM).

- `gradcam`: Grad-CAM, the paper's (Selvaraju et al. 2017).
- `hirescam`: HiResCAM (Draelos & Carin 2020); its positions add up to the logit of a linear head.
- `layercam`: LayerCAM (Jiang et al. 2021).
- `eigencam`: Eigen-CAM (Muhammad & Yeasin 2020).
"""

UnitKind = Literal["stretches", "encounters", "images"]
"""Units of analysis: images that count as one piece of evidence.

- `stretches`: images of one individual in successive frames of one recording.
- `encounters`: images of one individual in one recording whose frames are not numbered.
- `images`: each image is its own unit, because nothing is known of its recording.
"""

ChanceVerdict = Literal["yes", "no", "cannot_tell"]
"""Answers of a test to the question whether a classifier is better than chance.

- `yes`: its accuracy is significantly above that of the best answer that is known without an image.
- `no`: its accuracy is not above it. Pages say *no* only if its whole interval is below it.
- `cannot_tell`: its accuracy is above it, but not significantly; or the units are too few.
"""

ClaimVerdict = Literal["reproduced", "not_reproduced", "cannot_tell", "not_run"]
"""Verdicts of our records on a claim of the paper.

- `reproduced`: our difference has the sign of the paper's, and its interval excludes 0.
- `not_reproduced`: it has the other sign, and its interval excludes 0.
- `cannot_tell`: it was run, but the records hold no such difference, it has no interval, or that contains 0.
- `not_run`: no run of a contestant that the difference needs has finished.
"""

HoleKind = Literal["pattern", "irregular"]
"""Holes to inpaint.

- `pattern`: the hole is the pattern, as in the paper.
- `irregular`: the hole is made of random strokes, fixed for each image.
"""

Filling = Literal["model", "mean_colour", "telea"]
"""Ways to fill a hole.

- `model`: the hole as the trained model restores it.
- `mean_colour`: the mean colour of the known pixels: a baseline.
- `telea`: Telea's method (2004), which learns nothing: a baseline.
"""

CheckpointRule = Literal["lowest", "settled"]
"""Rules by which the checkpoint of an inpainting training is kept.

- `lowest`: the epoch of the lowest validation loss, as in the paper.
- `settled`: the same after the statistics of batch normalisation were computed anew for the weights of that epoch. A
  network without batch normalisation has no other loss then.
"""

Init = Literal["random", "published"]
"""Weights that a training starts from.

- `random`: training starts from random weights.
- `published`: training starts from published weights.
"""

PerceptualWeights = Literal["published", "none"]
"""Weights of the perceptual networks in an inpainting loss.

- `published`: the inpainting loss has its perceptual term, with the authors' network.
- `none`: the inpainting loss has no perceptual term.
"""

Pooling = Literal["flatten", "average"]
"""How a feature map becomes an embedding.

- `flatten`: the embedding is the whole feature map, as in the paper.
- `average`: the embedding is the mean of the feature map over its positions.
"""

Precision = Literal["auto", "float32", "bfloat16"]
"""Which arithmetic the networks shall compute in.

- `auto`: bfloat16 where the hardware has units for it and the embeddings stay the same, float32 elsewhere.
- `float32`: 32-bit arithmetic.
- `bfloat16`: 16-bit arithmetic with the exponent of float32.
"""

Arithmetic = Literal["float32", "bfloat16"]
"""Which arithmetic a job computed in.

- `float32`: 32-bit arithmetic.
- `bfloat16`: 16-bit arithmetic with the exponent of float32.
"""

Device = Literal["cpu", "cuda"]
"""Hardware that a stage computes on.

- `cpu`: processor cores.
- `cuda`: an NVIDIA GPU.
"""

Distance = Literal["cosine", "euclidean"]
"""Distances between embeddings by which images are ranked.

- `cosine`: one minus the cosine of two embeddings.
- `euclidean`: length of the difference of two embeddings.
"""

Flank = Literal["left", "right"]
"""Sides of an animal, each with its own pattern.

- `left`: the animal's left flank is seen.
- `right`: the animal's right flank is seen.
"""

FlankPairing = Literal["any", "same", "cross"]
"""Which flanks a query is compared with.

- `any`: flanks are ignored.
- `same`: images of the other flank are hidden from the query; those whose flank is not known stay.
- `cross`: all images are hidden but those of the other flank.
"""

RetrievalBackend = Literal["numpy", "faiss"]
"""Implementations of the ranking.

- `numpy`: exact ranking of the whole gallery.
- `faiss`: faster ranking of large galleries, without mean average precision.
"""

EmbeddingView = Literal["raw", "unit", "whitened"]
"""Views of the embeddings that are clustered.

- `raw`: embeddings as they are.
- `unit`: embeddings scaled to unit length.
- `whitened`: leading principal components, scaled to unit variance.
"""

SplitSet = Literal["inpaint", "classify"]
"""The two sets of a split.

- `inpaint`: images for inpainting; their labels are not used.
- `classify`: images for classification, clustering and re-identification.
"""

SplitPart = Literal["train", "val", "test"]
"""The three parts of each set.

- `train`: images that a model learns from.
- `val`: images that choose a checkpoint or a threshold.
- `test`: images that are scored.
"""

IdentitySetting = Literal["closed", "open", "disjoint"]
"""How many of the test identities occur in the training set.

- `closed`: all test identities occur in the training set.
- `open`: some test identities occur in the training set.
- `disjoint`: no test identity occurs in the training set.
"""

FoldScheme = Literal["grouped", "random"]
"""Which photos are never on both sides of a fold of a cross-validation.

- `grouped`: photos of one recording, encounter, camera, day or folder stay together.
- `random`: every photo is by itself; near-copies may be on both sides.
"""

SuspectKind = Literal["other_individual", "near_copy"]
"""Why a person should look at a photo again.

- `other_individual`: the photo is answered with confidence, and by its nearest photos, as another individual.
- `near_copy`: the photo is almost equal to a photo of another individual.
"""

RunStatus = Literal["ok", "timeout", "oom_host", "oom_gpu", "crash", "bad_output", "image_missing"]
"""How a run ended.

- `ok`: the run succeeded.
- `timeout`: a stage exceeded the protocol's time limit.
- `oom_host`: memory ran out.
- `oom_gpu`: GPU memory ran out.
- `crash`: the backbone ended with an exit code other than 0 and 2.
- `bad_output`: the backbone's output violates the contract.
- `image_missing`: the backbone's image does not exist any more.
"""

StageEnd = Literal[
    "ok",
    "timeout",
    "oom_host",
    "oom_gpu",
    "crash",
    "bad_output",
    "image_missing",
    "cancelled",
    "infra",
    "skipped",
]
"""How a stage ended: as a run does, which then has a record, or in a way that leaves none.

- `ok`: it is finished.
- `timeout`: as of a run.
- `oom_host`: as of a run.
- `oom_gpu`: as of a run.
- `crash`: as of a run; or the backbone refused the job (exit code 2), which leaves no record.
- `bad_output`: as of a run.
- `image_missing`: as of a run; or the image that it is built from cannot be fetched, which leaves no record.
- `cancelled`: the user or the system stopped the run.
- `infra`: the machine failed, such as the Docker engine or the disk, and not the backbone.
- `skipped`: the stage whose checkpoint it needs did not end `ok`.
"""

RunnerName = Literal["process", "docker"]
"""Ways to run a stage.

- `process`: jobs are child processes.
- `docker`: jobs are containers without network.
"""

ExecutorName = Literal["local", "ray"]
"""Where the stages of a run are done.

- `local`: on this machine.
- `ray`: on the machines of a Ray cluster, which share the store.
"""

MODES: tuple[Mode, ...] = get_args(Mode)
CLASSIFIER_KINDS: tuple[ClassifierKind, ...] = get_args(ClassifierKind)
ENCODER_STATES: tuple[EncoderState, ...] = get_args(EncoderState)
REGIONS: tuple[Region, ...] = get_args(Region)
REGION_VARIANTS: tuple[RegionVariant, ...] = get_args(RegionVariant)
REGION_QUESTIONS: tuple[RegionQuestion, ...] = get_args(RegionQuestion)
FLANKS: tuple[Flank, ...] = get_args(Flank)
SPLIT_SETS: tuple[SplitSet, ...] = get_args(SplitSet)
SPLIT_PARTS: tuple[SplitPart, ...] = get_args(SplitPart)
