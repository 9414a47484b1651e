import numpy as np

from benchmark.data.irregular_holes import irregular_mask


def test_a_name_fixes_the_strokes() -> None:
    one = irregular_mask(64, "a")
    assert np.array_equal(one, irregular_mask(64, "a"))
    assert not np.array_equal(one, irregular_mask(64, "b"))


def test_holes_are_never_empty_or_full_and_vary_in_size() -> None:
    masks = np.stack([irregular_mask(64, str(number)) for number in range(200)])
    assert (masks.dtype, set(np.unique(masks))) == (np.uint8, {0, 1})
    share = masks.mean(axis=(1, 2))
    assert 0 < share.min() < 0.05
    assert 0.3 < share.max() < 1
    everywhere = masks.mean(axis=0)
    assert everywhere.min() > 0.02  # every position is in some hole


def test_strokes_scale_with_the_image() -> None:
    small, large = irregular_mask(64, "scale"), irregular_mask(256, "scale")
    enlarged = small.repeat(4, axis=0).repeat(4, axis=1)
    assert (enlarged == large).mean() > 0.93
