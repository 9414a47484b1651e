"""Contextual attention: fills a hole with patches of the known region (Yu et al., CVPR 2018)."""

import torch
from torch import Tensor, nn
from torch.nn.functional import fold, max_pool2d, pad, unfold

SOFTNESS = 10.0
"""Factor of the scores before the softmax; with a large one the best patch has nearly all the weight."""

LOWEST_LOGIT = -60.0
"""Least logit relative to the best one. Smaller weights vanish in float32, but those that are subnormal numbers make
the matrix product up to 25 times slower."""

SMALLEST_NORM = 1e-4
"""Least length by which a patch is divided."""

PASTE = {"kernel_size": 4, "stride": 2, "padding": 1}
"""Patches that are copied."""

OVERLAP = 4
"""Number of 4 x 4 patches with stride 2 that cover each position."""


def reduce_nearest(x: Tensor, factor: int, *, aligned: bool) -> Tensor:
    """One value of every `factor` x `factor` cell, (B, C, H / factor, W / factor).

    Args:
        x: feature map or mask, (B, C, H, W).
        factor: a divisor of H and W.
        aligned: whether the positions span the whole side from corner to corner, as with TensorFlow's `align_corners`;
            otherwise each is the top left of its cell.

    Examples:
        >>> reduce_nearest(torch.arange(16.0).view(1, 1, 4, 4), 2, aligned=False)
        tensor([[[[ 0.,  2.],
                  [ 8., 10.]]]])
    """
    if not aligned:
        return x[..., ::factor, ::factor]
    rows, columns = (
        (torch.linspace(0, side - 1, side // factor, device=x.device) + 0.5).floor().long() for side in x.shape[-2:]
    )
    return x[..., rows[:, None], columns]


class ContextualAttention(nn.Module):
    """Reconstructs each position of a feature map from its most similar known patches.

    Args:
        aligned: how feature maps and masks are reduced, see `reduce_nearest`.
        fusion: whether scores of neighbouring pairs are summed, which favours larger coherent pieces.
    """

    fuse_weight: Tensor

    def __init__(self, *, aligned: bool = False, fusion: bool = True) -> None:
        super().__init__()
        self.aligned, self.fusion = aligned, fusion
        if fusion:  # a constant that the published file contains
            self.register_buffer("fuse_weight", torch.eye(3)[None, None])

    def forward(self, x: Tensor, masks: Tensor) -> Tensor:
        """Copy patches; in float32 or better, because the softmax is steep.

        Args:
            x: (B, C, H, W), H and W even.
            masks: (B, 1, 4H, 4W), 1 = hole; patches that touch a hole are not copied.

        Returns:
            (B, C, H, W), reconstructed inside and outside the holes; zero everywhere if no patch can be copied.
        """
        height, width = x.shape[-2] // 2, x.shape[-1] // 2
        with torch.autocast(x.device.type, enabled=False):
            x = x.to(torch.promote_types(x.dtype, torch.float32))
            known = self._known(masks).flatten(1).unsqueeze(2)  # (B, L, 1), L = height * width
            scores = self._scores(x)  # (B, L, L): rows = patches to copy, columns = positions to fill
            if self.fusion:
                scores = self._fuse(scores, height, width)
            logits = SOFTNESS * scores * known
            logits = (logits - logits.detach().amax(dim=1, keepdim=True)).clamp_min(LOWEST_LOGIT)
            weights = logits.softmax(dim=1) * known
            patches = unfold(x, **PASTE)  # (B, 16 C, L)
            return fold(torch.bmm(patches, weights), (2 * height, 2 * width), **PASTE) / OVERLAP

    def _known(self, masks: Tensor) -> Tensor:
        """(B, 1, H / 2, W / 2), 1 where a patch and its neighbours contain no hole, else 0."""
        reduced = reduce_nearest(masks.float(), 8, aligned=self.aligned)
        return (max_pool2d(reduced, 3, stride=1, padding=1) == 0).float()

    def _scores(self, x: Tensor) -> Tensor:
        """Similarity (B, L, L) of 3 x 3 patches: inner products, with the copied patches scaled to length 1."""
        patches = unfold(reduce_nearest(x, 2, aligned=self.aligned), 3, padding=1)  # (B, 9 C, L)
        lengths: Tensor = torch.linalg.vector_norm(patches, dim=1).clamp_min(SMALLEST_NORM)
        return torch.bmm(patches.transpose(1, 2), patches) / lengths.unsqueeze(2)

    @staticmethod
    def _fuse(scores: Tensor, height: int, width: int) -> Tensor:
        """Add to each score those of both positions' neighbours, along rows and then along columns."""
        scores = _transpose_positions(_sum_diagonals(scores), height, width)
        return _transpose_positions(_sum_diagonals(scores), width, height)


def _transpose_positions(scores: Tensor, height: int, width: int) -> Tensor:
    """Both position axes of (B, L, L), reordered from row-major to column-major."""
    grid = scores.view(-1, height, width, height, width)
    return grid.permute(0, 2, 1, 4, 3).reshape(scores.shape)


def _sum_diagonals(scores: Tensor) -> Tensor:
    """The convolution of (B, L, L) with the 3 x 3 identity matrix, computed by shifted sums, which are faster."""
    return scores + pad(scores[:, :-1, :-1], (1, 0, 1, 0)) + pad(scores[:, 1:, 1:], (0, 1, 0, 1))
