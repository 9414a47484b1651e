"""Contextual attention: a hole is filled with patches from the image's known part (Yu et al., CVPR 2018)."""

import torch
from torch import Tensor, nn
from torch.nn.functional import fold, max_pool2d, pad, unfold

SOFTNESS = 10.0
"""Factor on the scores before the softmax; large = the best patch takes all."""

LOWEST_LOGIT = -60.0
"""Below the best one's. Smaller shares do not count in float32, but subnormal numbers among them make the product with
them take up to 25 times as long."""

SMALLEST_NORM = 1e-4
PASTE = {"kernel_size": 4, "stride": 2, "padding": 1}
OVERLAP = 4
"""Patches of 4 x 4 with stride 2 cover every place this many times."""


def reduce_nearest(x: Tensor, factor: int, *, aligned: bool) -> Tensor:
    """Pick one value of every `factor` x `factor` cell of (B, C, H, W).

    Args:
        x: the map or mask.
        factor: that divides H and W.
        aligned: let the picks run from corner to corner, as TensorFlow's `align_corners` does; else every pick is its
            cell's top left.
    """
    if not aligned:
        return x[..., ::factor, ::factor]
    rows, columns = (
        (torch.linspace(0, side - 1, side // factor, device=x.device) + 0.5).floor().long() for side in x.shape[-2:]
    )
    return x[..., rows[:, None], columns]


class ContextualAttention(nn.Module):
    """Rebuilds a feature map from its own patches, each place from those that look most like it.

    Args:
        aligned: how maps and masks are reduced, see `reduce_nearest`.
        fusion: add up the scores of neighbouring pairs, which favours larger coherent pieces.
    """

    fuse_weight: Tensor

    def __init__(self, *, aligned: bool = False, fusion: bool = True) -> None:
        super().__init__()
        self.aligned, self.fusion = aligned, fusion
        if fusion:  # a constant; it is here because the published file has it
            self.register_buffer("fuse_weight", torch.eye(3)[None, None])

    def forward(self, x: Tensor, masks: Tensor) -> Tensor:
        """Copy patches; in float32 at least, because the softmax is steep.

        Args:
            x: (B, C, H, W), H and W even.
            masks: (B, 1, 4H, 4W), 1 = hole; nothing is copied from a hole or from beside one.

        Returns:
            (B, C, H, W), also where there was no hole; zero everywhere if no patch can be copied.
        """
        height, width = x.shape[-2] // 2, x.shape[-1] // 2
        with torch.autocast(x.device.type, enabled=False):
            x = x.to(torch.promote_types(x.dtype, torch.float32))
            known = self._known(masks).flatten(1).unsqueeze(2)  # (B, L, 1), L = height * width
            scores = self._scores(x)  # (B, L, L): rows = patches to copy from, columns = places to fill
            if self.fusion:
                scores = self._fuse(scores, height, width)
            logits = SOFTNESS * scores * known
            logits = (logits - logits.detach().amax(dim=1, keepdim=True)).clamp_min(LOWEST_LOGIT)
            shares = logits.softmax(dim=1) * known
            patches = unfold(x, **PASTE)  # (B, 16 C, L)
            return fold(torch.bmm(patches, shares), (2 * height, 2 * width), **PASTE) / OVERLAP

    def _known(self, masks: Tensor) -> Tensor:
        """Where a patch and its neighbours have no hole, as (B, 1, H / 2, W / 2) of 0 and 1."""
        reduced = reduce_nearest(masks.float(), 8, aligned=self.aligned)
        return (max_pool2d(reduced, 3, stride=1, padding=1) == 0).float()

    def _scores(self, x: Tensor) -> Tensor:
        """How well patches of 3 x 3 match, the copied ones scaled to length one."""
        patches = unfold(reduce_nearest(x, 2, aligned=self.aligned), 3, padding=1)  # (B, 9 C, L)
        lengths: Tensor = torch.linalg.vector_norm(patches, dim=1).clamp_min(SMALLEST_NORM)
        return torch.bmm(patches.transpose(1, 2), patches) / lengths.unsqueeze(2)

    @staticmethod
    def _fuse(scores: Tensor, height: int, width: int) -> Tensor:
        """Sum each score with those of both places' next and previous ones, along rows and then along columns."""
        scores = _transpose_places(_sum_diagonals(scores), height, width)
        return _transpose_places(_sum_diagonals(scores), width, height)


def _transpose_places(scores: Tensor, height: int, width: int) -> Tensor:
    """Both dimensions of (B, L, L) from row by row to column by column."""
    places = scores.view(-1, height, width, height, width)
    return places.permute(0, 2, 1, 4, 3).reshape(scores.shape)


def _sum_diagonals(scores: Tensor) -> Tensor:
    """What a convolution of (B, L, L) with the 3 x 3 identity gives, at a fraction of its time."""
    return scores + pad(scores[:, :-1, :-1], (1, 0, 1, 0)) + pad(scores[:, 1:, 1:], (0, 1, 0, 1))
