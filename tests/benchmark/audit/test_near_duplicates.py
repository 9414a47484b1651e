import numpy as np
import pytest
from PIL import Image
from sklearn.metrics.pairwise import cosine_similarity

from benchmark.audit import near_duplicates
from benchmark.audit.near_duplicates import centre, near, perceptual_hashes, similar
from benchmark.errors import InputError


def _noise(count: int, size: int = 64) -> np.ndarray:
    """Smooth coloured noise, which survives scaling."""
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
    return np.stack([np.asarray(Image.fromarray(one).resize((size, size), Image.Resampling.BICUBIC)) for one in small])


def _bits(one: np.uint64, other: np.uint64) -> int:
    return (int(one) ^ int(other)).bit_count()


def test_the_hash_is_the_sign_of_low_frequencies_by_the_definition_of_the_cosine_transform() -> None:
    image = _noise(1, size=32)[0]
    grey = np.asarray(Image.fromarray(image).convert("L"), dtype=float)  # 32 x 32: no scaling
    waves = np.cos(np.pi * np.outer(np.arange(8), 2 * np.arange(32) + 1) / 64)
    lowest = waves @ grey @ waves.T
    bits = "".join("1" if value > np.median(lowest) else "0" for value in lowest.ravel())
    assert int(perceptual_hashes([image])[0]) == int(bits, 2)


def test_hashes_as_the_imagehash_package_computes_them() -> None:
    ramp = np.add.outer(np.arange(48) * 3, np.arange(64) * 2).astype(np.uint8)
    image = np.stack([ramp, ramp[::-1], (ramp * 7) % 251], axis=-1)
    assert int(perceptual_hashes([image])[0]) == 0x85D555D555D45554


def test_light_scale_and_compression_hardly_change_a_hash_and_other_images_do() -> None:
    images = _noise(6)
    hashes = perceptual_hashes(images)
    for image, own in zip(images, hashes, strict=True):
        darker = (image * 0.8).astype(np.uint8)
        larger = np.asarray(Image.fromarray(image).resize((200, 200), Image.Resampling.BICUBIC))
        assert max(_bits(own, other) for other in perceptual_hashes([darker]).tolist()) <= 4
        assert max(_bits(own, other) for other in perceptual_hashes([larger]).tolist()) <= 4
    assert min(_bits(hashes[i], hashes[j]) for i in range(6) for j in range(i)) > 10


def test_plain_colours_have_one_hash_and_no_images_have_none() -> None:
    plain = [np.full((20, 20, 3), value, np.uint8) for value in (0, 7, 130, 255)]
    assert len(set(perceptual_hashes(plain[1:]).tolist())) == 1
    assert perceptual_hashes([]).shape == (0,)


@pytest.mark.parametrize("pairs", [1, 64, 1 << 22])
def test_near_equals_counting_differing_bits(pairs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_duplicates, "_PAIRS", pairs)
    rng = np.random.default_rng(2)
    pool = rng.integers(0, 2**64, 50, dtype=np.uint64)
    flips = np.array([sum(1 << int(bit) for bit in rng.choice(64, n % 8, replace=False)) for n in range(30)], np.uint64)
    queries = pool[:30] ^ flips
    counted = np.unpackbits((queries[:, None] ^ pool).view(np.uint8).reshape(30, 50, 8), axis=-1).sum(axis=-1)
    for bits in (0, 4, 64):
        np.testing.assert_array_equal(near(queries, pool, bits), (counted <= bits).any(axis=1))


def test_nothing_is_near_an_empty_pool() -> None:
    none = np.zeros(0, np.uint64)
    assert near(np.ones(3, np.uint64), none, 64).tolist() == [False] * 3
    assert near(none, none, 64).shape == (0,)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_similar_is_scikit_learns_cosine_of_centred_embeddings(
    dtype: type[np.floating], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near_duplicates, "_ROWS", 16)
    monkeypatch.setattr(near_duplicates, "_COLUMNS", 7)
    rng = np.random.default_rng(4)
    embeddings = (rng.normal(size=(90, 20)) + 5).astype(dtype)
    embeddings[60:] = embeddings[:30] + rng.normal(scale=np.linspace(0, 1, 30)[:, None], size=(30, 20)).astype(dtype)
    part = rng.integers(0, 3, 90)
    queries, pool = part == 0, part == 1
    cosines = cosine_similarity(embeddings.astype(float) - embeddings.astype(float).mean(axis=0))
    for above in (0.9, 0.5):
        expected = (cosines[queries][:, pool] > above).any(axis=1)
        assert 0 < expected.sum() < queries.sum()
        np.testing.assert_array_equal(similar(centre(embeddings, [""] * 90), queries, pool, above), expected)


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
