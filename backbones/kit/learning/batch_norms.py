"""Statistics of batch normalisation: computed anew for fixed weights, kept and restored.

In training, the running statistics of a batch norm are averages over the last few dozen steps, in which the weights
changed. If the weights change fast, the statistics fit none of them, and the loss in evaluation mode jumps from epoch
to epoch. Settled statistics belong to one state of the weights: equal averages over some batches (Wu & Johnson,
Rethinking "Batch" in BatchNorm, 2021, arXiv:2105.07576, section 3: precise BatchNorm).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase


class BatchNorms:
    """The batch (and instance) norms of some networks that keep running statistics; false if there are none."""

    def __init__(self, networks: nn.Module) -> None:
        """Args: the networks."""
        self._norms = [
            module for module in networks.modules() if isinstance(module, _NormBase) and module.track_running_stats
        ]

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._norms)

    def statistics(self) -> list[Tensor]:
        """Copies of all running statistics."""
        return [buffer.clone() for norm in self._norms for buffer in norm.buffers()]

    def restore(self, statistics: Sequence[Tensor]) -> None:
        """Set all running statistics to what `statistics` returned."""
        buffers = [buffer for norm in self._norms for buffer in norm.buffers()]
        for buffer, values in zip(buffers, statistics, strict=True):
            buffer.copy_(values)

    @contextmanager
    def settling(self) -> Iterator[None]:
        """A context whose passes give the running statistics: their means, each batch with the same weight.

        The networks have to be in evaluation mode; their other layers stay in it.
        """
        momenta = [norm.momentum for norm in self._norms]
        for norm in self._norms:
            norm.reset_running_stats()
            norm.momentum = None
            norm.training = True  # not train(): layers inside, such as dropout, stay in evaluation mode
        try:
            yield
        finally:
            for norm, momentum in zip(self._norms, momenta, strict=True):
                norm.momentum = momentum
                norm.training = False
