"""Whatever a job may leave in out/ is either right or refused with its place named."""

import csv
import json
import os
import shutil
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.contract import Encode, Inpaint, TrainClassify, TrainInpaint
from harness.execution.output_checks import BadOutputError, check
from harness.execution.outputs.arrays import first_bad_row
from harness.execution.outputs.folder import MOST_ENTRIES, MOST_LEVELS

COMMON = {"image_size": 8, "seed": 0, "batch_size": 2, "init": "random"}
ENCODE = Encode(**COMMON, pooling="flatten", classes=3, explain=("gradcam",))
CLASSIFY = TrainClassify(
    **COMMON, mode="deep", classes=3, epochs=2, learning_rate=1e-3, pooling="flatten", explain=("gradcam",)
)
INPAINT = TrainInpaint(**COMMON, epochs=4, patience=2, perceptual="none")
TABLE = [{"split": "train", "probe": "0"}] * 3 + [{"split": "val", "probe": "1"}, {"split": "val", "probe": "0"}]
RESULT = {
    "contract": "1",
    "images": 5,
    "seconds": 1.5,
    "peak_memory_mib": 100.0,
    "versions": {"numpy": "2"},
    "epoch": 2,
    "iterations": 8,
    "loss": 0.5,
}


def zeros(*shape: int, dtype: str = "float32") -> np.ndarray[Any, Any]:
    return np.zeros(shape, dtype)


def history(folder: Path, *columns: str, rows: int, value: object = 1) -> None:
    with (folder / "history.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([[value] * len(columns)] * rows)


@pytest.fixture
def encoded(tmp_path: Path) -> Path:
    np.save(tmp_path / "embeddings.npy", np.eye(5, 7, dtype=np.float32))
    np.save(tmp_path / "logits.npy", zeros(5, 3))
    np.save(tmp_path / "cams-gradcam.npy", zeros(5, 2, 2))
    (tmp_path / "result.json").write_text(json.dumps(RESULT))
    return tmp_path


@pytest.fixture
def classified(tmp_path: Path) -> Path:
    (tmp_path / "checkpoint.safetensors").write_bytes(b"its own business")
    np.save(tmp_path / "validation_logits.npy", zeros(2, 2, 3))
    np.save(tmp_path / "cams-gradcam.npy", zeros(2, 1, 4, 4))
    history(tmp_path, "epoch", "loss", rows=2)
    (tmp_path / "result.json").write_text(json.dumps(RESULT))
    return tmp_path


@pytest.fixture
def inpainted(tmp_path: Path) -> Path:
    (tmp_path / "checkpoint.safetensors").write_bytes(b"its own business")
    np.save(tmp_path / "reconstructions.npy", zeros(2, 8, 8, 3, dtype="uint8"))
    history(tmp_path, "epoch", "iterations", "validation", "generator", rows=3)
    (tmp_path / "result.json").write_text(json.dumps(RESULT))
    return tmp_path


def test_right_outputs_give_their_result(encoded: Path) -> None:
    assert check(ENCODE, encoded, TABLE).model_dump(exclude_none=True) == RESULT


def test_right_trainings_pass(classified: Path) -> None:
    assert check(CLASSIFY, classified, TABLE).loss == 0.5


def test_inpainting_may_stop_early(inpainted: Path) -> None:
    assert check(INPAINT, inpainted, TABLE).iterations == 8


def test_logits_are_due_with_a_classifier_s_checkpoint_alone(encoded: Path) -> None:
    (encoded / "logits.npy").unlink()
    (encoded / "notes.txt").write_text("of no interest")
    with pytest.raises(BadOutputError, match=r"out/logits\.npy is missing"):
        check(ENCODE, encoded, TABLE)
    check(ENCODE.model_copy(update={"classes": None}), encoded, TABLE)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("embeddings.npy", zeros(4, 7), r"\(4, 7\), expected float32 \(5, 1 to 1048576\)"),
        ("embeddings.npy", zeros(5), r"\(5,\), expected"),
        ("embeddings.npy", zeros(), r"\(\), expected"),
        ("embeddings.npy", zeros(5, 7, dtype="float64"), "float64"),
        ("embeddings.npy", zeros(5, 7, dtype="float16"), "float16"),
        ("embeddings.npy", zeros(5, 0), r"\(5, 0\), expected"),
        ("logits.npy", zeros(5, 3, dtype="int64"), "int64"),
        ("cams-gradcam.npy", zeros(5, 4), r"expected float32 \(5, 1 to 8, 1 to 8\)"),
    ],
)
def test_an_array_of_another_shape_or_type_is_refused(
    name: str, array: np.ndarray[Any, Any], message: str, encoded: Path
) -> None:
    np.save(encoded / name, array)
    with pytest.raises(BadOutputError, match=f"{name}.*{message}"):
        check(ENCODE, encoded, TABLE)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_the_first_row_that_is_not_finite_is_named(value: float, encoded: Path) -> None:
    embeddings = zeros(5, 7)
    embeddings[3, 6] = embeddings[4, 0] = value
    np.save(encoded / "embeddings.npy", embeddings)
    with pytest.raises(BadOutputError, match=r"embeddings.npy is not finite in row 3"):
        check(ENCODE, encoded, TABLE)


def test_features_of_random_weights_must_be_in_range(encoded: Path) -> None:
    np.save(encoded / "embeddings.npy", np.eye(5, 7, dtype=np.float32) * 1e9)
    with pytest.raises(BadOutputError, match=r"^features are out of range with random weights: .* 1e\+09, "):
        check(ENCODE, encoded, TABLE)
    for changes in ({"init": "published"}, {"checkpoint": "in/checkpoint.safetensors"}):
        check(ENCODE.model_copy(update=changes), encoded, TABLE)


@pytest.mark.parametrize("block", [1, 7, 14, 20, 35, 1000])
def test_the_size_of_a_block_changes_no_row(block: int) -> None:
    array = zeros(5, 7)
    assert first_bad_row(array, -1, 1, block) is None
    array[3, 6] = array[4, 0] = np.nan
    assert first_bad_row(array, -1, 1, block) == 3


@pytest.mark.parametrize("content", [b"no array", b"\x93NUMPY", b"PK\x03\x04", b"\x80\x04."])
def test_what_is_no_array_is_refused(content: bytes, encoded: Path) -> None:
    (encoded / "embeddings.npy").write_bytes(content)
    with pytest.raises(BadOutputError, match=r"embeddings.npy is not a NumPy array"):
        check(ENCODE, encoded, TABLE)


def test_an_archive_under_an_arrays_name_is_refused(encoded: Path) -> None:
    with (encoded / "embeddings.npy").open("wb") as file:
        np.savez(file, embeddings=zeros(5, 7))
    with pytest.raises(BadOutputError, match=r"embeddings.npy is not a NumPy array"):
        check(ENCODE, encoded, TABLE)


def test_a_pickle_inside_an_array_is_never_opened(encoded: Path) -> None:
    np.save(encoded / "embeddings.npy", np.array([[{}]] * 5, dtype=object), allow_pickle=True)
    with pytest.raises(BadOutputError, match=r"embeddings.npy is not a NumPy array"):
        check(ENCODE, encoded, TABLE)


def test_a_truncated_array_is_refused(encoded: Path) -> None:
    whole = (encoded / "embeddings.npy").read_bytes()
    (encoded / "embeddings.npy").write_bytes(whole[:-8])
    with pytest.raises(BadOutputError, match=r"embeddings.npy is not a NumPy array"):
        check(ENCODE, encoded, TABLE)


@pytest.mark.parametrize("name", ["embeddings.npy", "cams-gradcam.npy", "result.json"])
def test_a_missing_or_empty_file_is_refused(name: str, encoded: Path) -> None:
    (encoded / name).write_bytes(b"")
    with pytest.raises(BadOutputError, match=f"{name} is missing or empty"):
        check(ENCODE, encoded, TABLE)
    (encoded / name).unlink()
    with pytest.raises(BadOutputError, match=f"{name} is missing or empty"):
        check(ENCODE, encoded, TABLE)


def test_a_link_is_refused_wherever_it_points(encoded: Path) -> None:
    (encoded / "deep").mkdir()
    (encoded / "deep" / "way-out").symlink_to("/etc/hostname")
    with pytest.raises(BadOutputError, match="way-out is a link"):
        check(ENCODE, encoded, TABLE)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("validation_logits.npy", zeros(1, 2, 3)),
        ("validation_logits.npy", zeros(2, 3, 3)),
        ("validation_logits.npy", zeros(2, 2, 4)),
        ("cams-gradcam.npy", zeros(2, 2, 4, 4)),
        ("cams-gradcam.npy", zeros(2, 1, 4)),
    ],
)
def test_training_outputs_have_a_row_for_each_epoch_and_image(
    name: str, array: np.ndarray[Any, Any], classified: Path
) -> None:
    np.save(classified / name, array)
    with pytest.raises(BadOutputError, match=name):
        check(CLASSIFY, classified, TABLE)


def test_cams_are_checked_only_if_the_job_has_explain(classified: Path) -> None:
    (classified / "cams-gradcam.npy").unlink()
    check(CLASSIFY.model_copy(update={"explain": ()}), classified, TABLE)


def test_a_history_needs_its_columns_and_rows(classified: Path) -> None:
    history(classified, "epoch", rows=2)
    with pytest.raises(BadOutputError, match=r"history.csv needs whole numbers in the column epoch, numbers in loss"):
        check(CLASSIFY, classified, TABLE)
    history(classified, "epoch", "loss", rows=1)
    with pytest.raises(BadOutputError, match=r"history.csv has 1 rows, expected 2: one an epoch"):
        check(CLASSIFY, classified, TABLE)
    (classified / "history.csv").write_text("epoch,loss\n1,0.5\n2,nan\n")
    with pytest.raises(BadOutputError, match=r"history.csv is not finite"):
        check(CLASSIFY, classified, TABLE)
    for value in ("low", "1.0", "9" * 400):  # the number of an epoch is a whole one
        history(classified, "epoch", "loss", rows=2, value=value)
        with pytest.raises(BadOutputError, match=r"needs whole numbers in the column epoch.*: "):
            check(CLASSIFY, classified, TABLE)


def test_the_loss_of_an_epoch_is_a_number(classified: Path) -> None:
    (classified / "history.csv").write_text("epoch,loss\n1,0.5\n2,low\n")
    with pytest.raises(BadOutputError, match=r"numbers in loss: .*'low'"):
        check(CLASSIFY, classified, TABLE)


def test_an_inpainting_history_has_at_least_one_epoch(inpainted: Path) -> None:
    history(inpainted, "epoch", "iterations", "validation", rows=0)
    with pytest.raises(BadOutputError, match="0 rows, expected at least 1"):
        check(INPAINT, inpainted, TABLE)


def test_every_given_image_must_come_back_filled(inpainted: Path) -> None:
    fill = Inpaint(**COMMON)
    with pytest.raises(BadOutputError, match=r"reconstructions.npy holds uint8 \(2, 8, 8, 3\), expected uint8 \(5, "):
        check(fill, inpainted, TABLE)
    np.save(inpainted / "reconstructions.npy", zeros(5, 8, 8, 3, dtype="uint8"))
    check(fill, inpainted, TABLE)


def test_reconstructions_are_images_of_the_jobs_size(inpainted: Path) -> None:
    np.save(inpainted / "reconstructions.npy", zeros(2, 4, 4, 3, dtype="uint8"))
    with pytest.raises(BadOutputError, match=r"reconstructions.npy holds"):
        check(INPAINT, inpainted, TABLE)


@pytest.mark.parametrize("missing", ["epoch", "iterations", "loss"])
def test_inpainting_names_the_checkpoint_that_it_kept(missing: str, inpainted: Path) -> None:
    (inpainted / "result.json").write_text(json.dumps(RESULT | {missing: None}))
    with pytest.raises(BadOutputError, match="needs epoch, iterations and loss"):
        check(INPAINT, inpainted, TABLE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not json", "Invalid JSON"),
        (json.dumps(RESULT | {"surprise": 1}), "surprise"),
        (json.dumps(RESULT | {"contract": "3"}), "contract"),
        (json.dumps(RESULT | {"seconds": "soon"}), "seconds"),
        (json.dumps({"contract": "1"}), "images"),
    ],
)
def test_a_result_that_breaks_its_schema_is_refused(text: str, message: str, encoded: Path) -> None:
    (encoded / "result.json").write_text(text)
    with pytest.raises(BadOutputError, match=f"result.json.*{message}"):
        check(ENCODE, encoded, TABLE)


def test_a_result_with_an_endless_number_is_refused(encoded: Path) -> None:
    (encoded / "result.json").write_text(json.dumps(RESULT | {"loss": float("nan")}))
    with pytest.raises(BadOutputError, match=r"result.json: loss"):
        check(ENCODE, encoded, TABLE)


def header(shape: object, *, descr: object = "<f4", fortran: bool = False, version: int = 1) -> bytes:
    """The beginning of a .npy file."""
    text = repr({"descr": descr, "fortran_order": fortran, "shape": shape}).encode() + b"\n"
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text


@pytest.mark.parametrize(
    "head",
    [
        header((5, 2**31)),
        header((5, 2**62)),
        header((5, -4)),
        header((5, True)),
        header((5.0, 7)),
        header((5, 7), descr=[("a", "<f4", (2, 2))]),
        header((5, 7), descr=">f4"),
        header((5, 7), descr="|O"),
        header((5, 7), fortran=True),
        header((5, 7), version=2),
        header((5, 7), version=3),
        header("(" * 3000),
        header((5,) * 1000),
        header((5, 7)),
        header((5, 7)) + bytes(5 * 7 * 4 + 1),
    ],
    ids=str,
)
def test_tricks_in_the_header_of_an_array_are_refused_before_its_values_are_read(head: bytes, encoded: Path) -> None:
    (encoded / "embeddings.npy").write_bytes(head)
    with pytest.raises(BadOutputError, match=r"out/embeddings\.npy"):
        check(ENCODE, encoded, TABLE)


@pytest.mark.parametrize(
    ("name", "shape", "side"), [("embeddings.npy", (5, 2**31), 2**31), ("cams-gradcam.npy", (5, 2**16, 2**16), 2**32)]
)
def test_a_sparse_array_of_a_size_that_no_encoder_has_is_not_read(
    name: str, shape: tuple[int, ...], side: int, encoded: Path
) -> None:
    with (encoded / name).open("wb") as file:
        head = header(shape)
        file.write(head)
        file.truncate(len(head) + 5 * side * 4)
    with pytest.raises(BadOutputError, match=f"out/{name} holds"):
        check(ENCODE, encoded, TABLE)


@pytest.mark.parametrize("name", ["result.json", "history.csv", "extra.bin"])
def test_a_sparse_file_is_refused_by_its_size(name: str, classified: Path) -> None:
    with (classified / name).open("ab") as file:
        file.truncate(200 * 2**30)
    with pytest.raises(BadOutputError, match="GiB"):
        check(CLASSIFY, classified, TABLE)


@pytest.mark.parametrize("name", ["result.json", "history.csv"])
def test_a_text_is_refused_by_its_size(name: str, classified: Path) -> None:
    with (classified / name).open("ab") as file:
        file.truncate(2**30)
    with pytest.raises(BadOutputError, match=f"out/{name} has 1073741824 bytes"):
        check(CLASSIFY, classified, TABLE)


def test_rows_of_a_history_are_counted_only_as_far_as_they_are_expected(classified: Path) -> None:
    (classified / "history.csv").write_text("epoch,loss\n" + "1,1\n" * 500_000)
    with pytest.raises(BadOutputError, match="more than 2 rows"):
        check(CLASSIFY, classified, TABLE)


@pytest.mark.parametrize(
    "row",
    ["1_0,1", "٣,1", " 7 ,1", "-1,1", "+1,1", "9999999999,1", "1,1_0.5", "1,0x1p3", "1,  2  ", "1,1e999", "1,-1e308"],
)
def test_numbers_of_a_history_are_written_plainly(row: str, classified: Path) -> None:
    (classified / "history.csv").write_text(f"epoch,loss\n1,0.5\n{row}\n")
    with pytest.raises(BadOutputError, match=r"out/history\.csv"):
        check(CLASSIFY, classified, TABLE)


@pytest.mark.parametrize(
    "change",
    [
        {"images": int("9" * 400)},
        {"images": -1},
        {"images": True},
        {"images": "5"},
        {"images": 5.0},
        {"seconds": 5e-324},
        {"seconds": -1.0},
        {"seconds": True},
        {"seconds": int("9" * 400)},
        {"peak_memory_mib": -1e300},
        {"epoch": int("9" * 400)},
        {"loss": 1e300},
        {"loss": "0.5"},
        {"encoder": {"parameters": int("9" * 400), "shape": [7, 1, 1]}},
        {"encoder": {"parameters": 1, "shape": [int("9" * 4000), 1, 1]}},
        {"encoder": {"parameters": 1, "shape": [2**31, 2**31, 2**31]}},
        {"encoder": {"parameters": 1, "shape": [7, 0, 1]}},
        {"versions": {"note": "x" * 1000}},
        {"versions": {f"k{number}": "1" for number in range(1000)}},
        {"versions": {"note": "\x1b[31m"}},
        {"versions": {"note": "\u202e"}},
        {"versions": {"no\nte": "1"}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_result_is_bounded_and_strictly_typed(change: dict[str, object], encoded: Path) -> None:
    (encoded / "result.json").write_text(json.dumps(RESULT | change))
    with pytest.raises(BadOutputError, match=r"out/result\.json: ") as error:
        check(ENCODE, encoded, TABLE)
    assert len(str(error.value)) < 500


@pytest.mark.parametrize(
    "text", ['{"contract":' + "[" * 20_000, json.dumps(RESULT)[:-1] + ',"a":"\\ud800"}', "\0", "9" * 9000]
)
def test_a_result_that_no_reader_likes_is_refused(text: str, encoded: Path) -> None:
    (encoded / "result.json").write_text(text)
    with pytest.raises(BadOutputError, match=r"out/result\.json: "):
        check(ENCODE, encoded, TABLE)


def test_an_embedding_has_the_values_of_the_feature_map_that_it_comes_from(encoded: Path) -> None:
    (encoded / "result.json").write_text(json.dumps(RESULT | {"encoder": {"parameters": 1, "shape": [7, 1, 1]}}))
    check(ENCODE, encoded, TABLE)
    (encoded / "result.json").write_text(json.dumps(RESULT | {"encoder": {"parameters": 1, "shape": [7, 2, 1]}}))
    check(ENCODE.model_copy(update={"pooling": "average"}), encoded, TABLE)
    with pytest.raises(BadOutputError, match=r"7 values an image, .* \(7, 2, 1\): pooling 'flatten' gives 14"):
        check(ENCODE, encoded, TABLE)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("cams-gradcam.npy", -0.5, "outside"),
        ("cams-gradcam.npy", 3.4e38, "outside"),
        ("logits.npy", 3.4e38, "outside"),
        ("embeddings.npy", 3e38, "overflows float32"),
    ],
)
def test_values_beyond_their_range_are_refused(name: str, value: float, message: str, encoded: Path) -> None:
    array = np.load(encoded / name)
    array[2] = value
    np.save(encoded / name, array)
    with pytest.raises(BadOutputError, match=message):
        check(ENCODE.model_copy(update={"init": "published"}), encoded, TABLE)


def test_what_is_no_plain_file_is_refused_and_never_opened(encoded: Path) -> None:
    os.mkfifo(encoded / "pipe")
    with pytest.raises(BadOutputError, match="out/pipe is neither a file nor a folder"):
        check(ENCODE, encoded, TABLE)
    (encoded / "pipe").unlink()
    os.link(encoded / "embeddings.npy", encoded / "hard")
    with pytest.raises(BadOutputError, match="is a link; only plain files are taken"):
        check(ENCODE, encoded, TABLE)


def test_a_pipe_in_place_of_an_output_is_not_waited_for(encoded: Path) -> None:
    (encoded / "embeddings.npy").unlink()
    os.mkfifo(encoded / "embeddings.npy")
    with pytest.raises(BadOutputError, match=r"embeddings\.npy is neither a file nor a folder"):
        check(ENCODE, encoded, TABLE)


@pytest.mark.parametrize("name", [b"bad\xff\xfe", b"\x1b[31mred", b"two\nlines", "\u202egnp.exe".encode(), b"x" * 200])
def test_a_name_that_is_no_printable_text_is_refused_and_shown_escaped(name: bytes, encoded: Path) -> None:
    Path(os.fsdecode(os.fsencode(encoded) + b"/" + name)).symlink_to("/etc/hostname")
    with pytest.raises(BadOutputError, match="has a name that is too long or is no printable text") as error:
        check(ENCODE, encoded, TABLE)
    assert str(error.value).isprintable()


def test_folders_and_files_are_counted(encoded: Path) -> None:
    (encoded / "/".join("d" * MOST_LEVELS)).mkdir(parents=True)
    with pytest.raises(BadOutputError, match=f"more than {MOST_LEVELS} folders in each other"):
        check(ENCODE, encoded, TABLE)
    shutil.rmtree(encoded / "d")
    for number in range(MOST_ENTRIES):
        (encoded / f"{number}").touch()
    with pytest.raises(BadOutputError, match=f"more than {MOST_ENTRIES} files"):
        check(ENCODE, encoded, TABLE)
