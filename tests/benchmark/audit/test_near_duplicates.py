from collections.abc import Callable, Iterable

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics.pairwise import cosine_similarity

from benchmark.audit import near_duplicates
from benchmark.audit.near_duplicates import VIEWS, NearIndex, centre, is_near, similar, view_hashes
from benchmark.errors import InputError


def _noise(count: int, size: int = 64) -> np.ndarray:
    """Smooth coloured noise, which survives scaling."""
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
    return np.stack([np.asarray(Image.fromarray(one).resize((size, size), Image.Resampling.BICUBIC)) for one in small])


def _hashes(images: Iterable[np.ndarray]) -> np.ndarray:
    """Of the images themselves."""
    return view_hashes(images)[:, 0]


def _bits(one: np.uint64, other: np.uint64) -> int:
    return (int(one) ^ int(other)).bit_count()


def test_the_hash_is_the_sign_of_low_frequencies_by_the_definition_of_the_cosine_transform() -> None:
    image = _noise(1, size=32)[0]
    grey = np.asarray(Image.fromarray(image).convert("L"), dtype=float)  # 32 x 32: no scaling
    waves = np.cos(np.pi * np.outer(np.arange(8), 2 * np.arange(32) + 1) / 64)
    lowest = waves @ grey @ waves.T
    bits = "".join("1" if value > np.median(lowest) else "0" for value in lowest.ravel())
    assert int(_hashes([image])[0]) == int(bits, 2)


def test_hashes_as_the_imagehash_package_computes_them() -> None:
    ramp = np.add.outer(np.arange(48) * 3, np.arange(64) * 2).astype(np.uint8)
    image = np.stack([ramp, ramp[::-1], (ramp * 7) % 251], axis=-1)
    assert int(_hashes([image])[0]) == 0x85D555D555D45554


def test_light_scale_and_compression_hardly_change_a_hash_and_other_images_do() -> None:
    images = _noise(6)
    hashes = _hashes(images)
    for image, own in zip(images, hashes, strict=True):
        darker = (image * 0.8).astype(np.uint8)
        larger = np.asarray(Image.fromarray(image).resize((200, 200), Image.Resampling.BICUBIC))
        assert max(_bits(own, other) for other in _hashes([darker]).tolist()) <= 4
        assert max(_bits(own, other) for other in _hashes([larger]).tolist()) <= 4
    assert min(_bits(hashes[i], hashes[j]) for i in range(6) for j in range(i)) > 10


def test_plain_colours_have_one_hash_and_no_images_have_none() -> None:
    plain = [np.full((20, 20, 3), value, np.uint8) for value in (0, 7, 130, 255)]
    assert len(set(_hashes(plain[1:]).tolist())) == 1
    assert view_hashes([]).shape == (0, VIEWS)


def _moved(images: np.ndarray, right: int, down: int) -> np.ndarray:
    """The same scene through a window that lies further to the left and up."""
    return np.roll(np.pad(images, ((0, 0), (8, 8), (8, 8), (0, 0)), "edge"), (down, right), (1, 2))[:, 8:-8, 8:-8]


@pytest.mark.parametrize(
    ("change", "least"),
    [
        (lambda images: images[:, :, ::-1], 1.0),
        (lambda images: _moved(images, 2, 0), 1.0),
        (lambda images: _moved(images, -2, 0), 1.0),
        (lambda images: _moved(images, 0, 4), 1.0),
        (lambda images: _moved(images, 0, -3), 0.7),
        (lambda images: images[:, 2:-2, 2:-2], 1.0),
        (lambda images: images[:, 3:-3, 3:-3], 0.7),
    ],
    ids=["mirrored", "a 32nd right", "a 32nd left", "a 16th down", "3 of 64 up", "cropped by a 32nd", "by 3 of 64"],
)
def test_mirrored_shifted_and_cropped_images_look_alike_and_others_do_not(
    change: Callable[[np.ndarray], np.ndarray], least: float
) -> None:
    images = _noise(60)
    own, changed = view_hashes(images), view_hashes(np.ascontiguousarray(change(images)))
    for near in (is_near(own, changed, 4), is_near(changed, own, 4)):
        assert near.diagonal().mean() >= least
        assert near[~np.eye(60, dtype=bool)].mean() < 0.001
    assert np.mean([_bits(one, other) <= 4 for one, other in zip(own[:, 0], changed[:, 0], strict=True)]) < 0.7


def test_near_counts_differing_bits() -> None:
    one = np.zeros((1, VIEWS), np.uint64)
    others = np.full((3, VIEWS), 2**64 - 1, np.uint64)
    others[:, 0] = [0b0, 0b1111, 0b11111]
    assert is_near(one, others, 4).tolist() == [[True, True, False]]
    assert is_near(one, others, 5).all()
    assert is_near(one, others[:0], 64).shape == (1, 0)


@pytest.mark.parametrize("bits", [0, 1, 4, 7])
@pytest.mark.parametrize("compared_at_once", [3, 1 << 22])
def test_the_index_lists_every_pair_that_is_near(
    bits: int, compared_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near_duplicates, "_CANDIDATES", compared_at_once)
    rng = np.random.default_rng(bits)
    pool = rng.integers(2**63, size=(60, VIEWS), dtype=np.uint64)
    flipped = np.array([sum(1 << bit for bit in rng.permutation(64)[: n % 9]) for n in range(40 * VIEWS)], np.uint64)
    queries = pool[rng.integers(60, size=40)] ^ flipped.reshape(40, VIEWS)
    rows, images = NearIndex(pool, bits).pairs(queries)
    expected = np.nonzero(is_near(queries, pool, bits))
    assert len(rows) > 5
    assert (rows.tolist(), images.tolist()) == tuple(part.tolist() for part in expected)


def test_an_index_of_nothing_lists_nothing() -> None:
    some = np.zeros((2, VIEWS), np.uint64)
    assert [len(part) for part in NearIndex(some[:0], 4).pairs(some)] == [0, 0]
    assert [len(part) for part in NearIndex(some, 4).pairs(some[:0])] == [0, 0]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_similar_is_scikit_learns_cosine_of_centred_embeddings(dtype: type[np.floating]) -> None:
    rng = np.random.default_rng(4)
    embeddings = (rng.normal(size=(90, 20)) + 5).astype(dtype)
    embeddings[60:] = embeddings[:30] + rng.normal(scale=np.linspace(0, 1, 30)[:, None], size=(30, 20)).astype(dtype)
    part = rng.integers(0, 3, 90)
    queries, pool = part == 0, part == 1
    cosines = cosine_similarity(embeddings.astype(float) - embeddings.astype(float).mean(axis=0))
    for above in (0.9, 0.5):
        expected = (cosines[queries][:, pool] > above).any(axis=1)
        assert 0 < expected.sum() < queries.sum()
        centred = centre(embeddings, [""] * 90, rows=16, columns=7)
        np.testing.assert_array_equal(similar(centred, queries, pool, above, rows=16, columns=7), expected)


def test_an_image_that_searches_its_own_part_is_not_similar_to_itself() -> None:
    embeddings = np.array([[1, 0], [1, 0.01], [-1, -1], [-1, 1.0]])
    everything = np.ones(4, dtype=bool)
    assert similar(centre(embeddings, [""] * 4), everything, everything, 0.9).tolist() == [True, True, False, False]


def test_constant_embeddings_are_similar_to_nothing() -> None:
    query_mask = np.arange(6) < 3
    for constant in (np.full((6, 4), 0.1, np.float32), np.zeros((6, 4)), np.full((6, 3), 1e30)):
        assert not similar(centre(constant, [""] * 6), query_mask, ~query_mask, 0.0).any()


def test_an_embedding_that_is_not_finite_is_refused_and_its_image_named() -> None:
    embeddings = np.ones((5, 3))
    embeddings[3, 1] = np.nan
    with pytest.raises(InputError, match="The embedding of 'd' is not finite"):
        centre(embeddings, [*"abcde"])


def test_no_embeddings_at_all() -> None:
    none = np.zeros(0, dtype=bool)
    assert similar(centre(np.zeros((0, 4)), []), none, none, 0.9).shape == (0,)
