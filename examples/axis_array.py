"""A message type for arrays that explain themselves: named dimensions, and an axis or labels for each that has some.

ezmsg's pipelines send its ``AxisArray``; this is one of our own, on a page. A dimension has a regular axis (as time at
a sampling rate) or labels (as channels). It crosses to worker processes and through a door; other examples import it.
"""

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray


@attrs.frozen
class Axis:
    """A regular axis: place *i* stands for ``start + i * step``, in *unit*."""

    step: float = attrs.field(default=1.0, validator=attrs.validators.gt(0.0))
    start: float = 0.0
    unit: str = ""


@attrs.frozen(eq=False)
class AxisArray:
    """Data of any shape; ``dims`` names each dimension, ``axes`` and ``labels`` explain those that they have."""

    data: NDArray[Any]
    dims: tuple[str, ...]
    axes: Mapping[str, Axis] = attrs.field(factory=dict)
    labels: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    key: str = ""
    """Which device it came from."""

    def __attrs_post_init__(self) -> None:
        if len(self.dims) != self.data.ndim or len(set(self.dims)) != len(self.dims):
            raise ValueError(f"{self.dims} do not name the {self.data.ndim} dimensions of the data")
        for dim in {*self.axes, *self.labels}.difference(self.dims):
            raise ValueError(f"{dim!r} is explained, and is no dimension")
        for dim, names in self.labels.items():
            if len(names) != self.size(dim):
                raise ValueError(f"{len(names)} labels for {self.size(dim)} places of {dim!r}")

    def size(self, dim: str) -> int:
        """The number of places along *dim*."""
        return int(self.data.shape[self.dims.index(dim)])

    def values(self, dim: str) -> NDArray[np.floating[Any]]:
        """What the places along *dim* stand for, in the unit of its axis."""
        axis = self.axes.get(dim, Axis())
        return axis.start + axis.step * np.arange(self.size(dim))

    def between(self, dim: str, first: int, last: int) -> "AxisArray":
        """The places *first* to *last* (which is left out) along *dim*: a view on the same data."""
        first, last, _ = slice(first, last).indices(self.size(dim))
        cut = (slice(None),) * self.dims.index(dim) + (slice(first, last),)
        axes, labels = dict(self.axes), dict(self.labels)
        if dim in axes:
            axes[dim] = attrs.evolve(axes[dim], start=axes[dim].start + first * axes[dim].step)
        if dim in labels:
            labels[dim] = labels[dim][first:last]
        return attrs.evolve(self, data=self.data[cut], axes=axes, labels=labels)


def main() -> None:
    """Show what a block of two channels knows of itself."""
    data = np.array([[1, 2], [3, 4], [5, 6], [7, 8]])
    time = Axis(step=0.25, start=10.0, unit="s")
    block = AxisArray(data, ("time", "channel"), {"time": time}, {"channel": ("left", "right")}, key="ear")
    late = block.between("time", 2, 4)
    print(late.values("time").tolist(), late.labels["channel"], late.data.tolist())
    print("a view, no copy:", np.shares_memory(late.data, block.data))
    try:
        AxisArray(block.data, ("time", "time"))
    except ValueError as error:
        print("refused:", error)


if __name__ == "__main__":
    main()
