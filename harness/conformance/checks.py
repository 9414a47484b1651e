"""The checks of the contract, in the order in which they run."""

from collections.abc import Iterator

from harness.conformance import classification_checks, encoding_checks, inpainting_checks, interface_checks
from harness.conformance.check import Check, CheckResult, run_check
from harness.conformance.session import ConformanceSession

CHECKS: tuple[Check, ...] = (
    interface_checks.description_agrees,
    interface_checks.unknown_key_is_refused,
    interface_checks.broken_data_is_refused,
    encoding_checks.embedding_has_described_size,
    encoding_checks.encode_is_deterministic,
    encoding_checks.order_is_kept,
    encoding_checks.embedding_depends_on_image_alone,
    encoding_checks.images_are_distinguished,
    encoding_checks.pooling_and_type_are_obeyed,
    inpainting_checks.inpainting_trains,
    inpainting_checks.inpainting_is_deterministic,
    inpainting_checks.inpainting_changes_encoder,
    inpainting_checks.known_pixels_are_kept,
    classification_checks.shallow_classifier_trains,
    classification_checks.shallow_training_freezes_encoder,
    classification_checks.deep_classifier_trains,
    classification_checks.deep_training_is_deterministic,
    classification_checks.deep_training_changes_encoder,
    classification_checks.classifier_predicts,
    classification_checks.cams_are_scaled,
    # The last two look at every job that the session ran.
    interface_checks.progress_is_reported,
    interface_checks.no_stray_files,
)


def run_checks(session: ConformanceSession) -> Iterator[CheckResult]:
    """Results of every check that applies to the session's backbone, in the order of `CHECKS`."""
    for check in CHECKS:
        if check.applies_to(session):
            yield run_check(check, session)
