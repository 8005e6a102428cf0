"""A message type for arrays that explain themselves: named dimensions, and an axis for each that has one.

ezmsg's pipelines send its ``AxisArray``; this is one of our own, on a page. Axes are either regular (`Linear`, as time
at a sampling rate) or a list of labels (`Labels`, as channels). Other examples import it.
"""

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray


@attrs.frozen
class Linear:
    """A regular axis: place *i* stands for ``start + i * step``, in *unit*."""

    step: float = attrs.field(default=1.0, validator=attrs.validators.gt(0.0))
    start: float = 0.0
    unit: str = ""


@attrs.frozen
class Labels:
    """An axis of names, one a place."""

    names: tuple[str, ...]


Axis = Linear | Labels


@attrs.frozen(eq=False)
class AxisArray:
    """Data of any shape; ``dims`` names each dimension, and ``axes`` explains those that it has an entry for."""

    data: NDArray[Any] = attrs.field(converter=np.asarray)
    dims: tuple[str, ...]
    axes: Mapping[str, Axis] = attrs.field(factory=dict)
    key: str = ""
    """Which device it came from."""

    def __attrs_post_init__(self) -> None:
        if len(self.dims) != self.data.ndim or len(set(self.dims)) != len(self.dims):
            raise ValueError(f"{self.dims} do not name the {self.data.ndim} dimensions of the data")
        for dim, axis in self.axes.items():
            if dim not in self.dims:
                raise ValueError(f"{dim!r} has an axis, and is no dimension")
            if isinstance(axis, Labels) and len(axis.names) != self.size(dim):
                raise ValueError(f"{len(axis.names)} labels for {self.size(dim)} places of {dim!r}")

    def size(self, dim: str) -> int:
        """The number of places along *dim*."""
        return int(self.data.shape[self.dims.index(dim)])

    def values(self, dim: str) -> NDArray[Any]:
        """What the places along *dim* stand for: numbers or names."""
        axis = self.axes.get(dim, Linear())
        if isinstance(axis, Labels):
            return np.array(axis.names)
        return axis.start + axis.step * np.arange(self.size(dim))

    def between(self, dim: str, first: int, last: int) -> "AxisArray":
        """The places *first* to *last* (which is left out) along *dim*: a view on the same data."""
        first, last, _ = slice(first, last).indices(self.size(dim))
        cut = (slice(None),) * self.dims.index(dim) + (slice(first, last),)
        axis = self.axes.get(dim, Linear())
        moved: Axis = (
            Labels(axis.names[first:last])
            if isinstance(axis, Labels)
            else attrs.evolve(axis, start=axis.start + first * axis.step)
        )
        return attrs.evolve(self, data=self.data[cut], axes={**self.axes, dim: moved})


def main() -> None:
    """Show what a block of two channels knows of itself."""
    axes: dict[str, Axis] = {"time": Linear(step=0.25, start=10.0, unit="s"), "channel": Labels(("left", "right"))}
    block = AxisArray([[1, 2], [3, 4], [5, 6], [7, 8]], ("time", "channel"), axes, key="ear")
    late = block.between("time", 2, 4)
    print(late.values("time").tolist(), late.values("channel").tolist(), late.data.tolist())
    print("a view, no copy:", np.shares_memory(late.data, block.data))
    try:
        AxisArray(block.data, ("time", "time"))
    except ValueError as error:
        print("refused:", error)


if __name__ == "__main__":
    main()
