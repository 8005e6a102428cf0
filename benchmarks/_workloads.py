"""What is done by every contender: edges, names, settings and messages, the same at every call and on both sides.

This file knows no contender and measures nothing. Whoever needs a new workload puts it here, so that nobody can
give one side less to do than the other.
"""

import random
import struct
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Final

import attrs
import numpy as np
import numpy.typing as npt

Pairs = Sequence[tuple[str, str]]

EDGE: Final = ("SYS/SOURCE/OUT", "SYS/SINK/IN")
"""The one that comes and goes where one edge is enough; messages travel along it."""

QUEUE: Final = 32
"""Messages that may wait for a subscriber: the default of both sides."""

FIELDS: Final = {"gain": "float", "channels": "int", "name": "str", "window": "float"}
"""The fields of every unit's settings, and their types."""

# -- edges ---------------------------------------------------------------------------------------------------


def layered(edges: int, system: str = "SYS") -> Pairs:
    """Return so many edges, source layer first; a layer has fifty topics, and each leads to two of the next."""
    dice = random.Random(0)
    layers = [[f"{system}/STAGE{stage}/UNIT{unit}/OUT" for unit in range(50)] for stage in range(-(-edges // 100) + 1)]
    return [(topic, to) for here, ahead in pairwise(layers) for topic in here for to in dice.sample(ahead, 2)][:edges]


def in_orders(edges: Pairs) -> dict[str, Pairs]:
    """Return *edges* in the three orders in which they may come."""
    return {
        "layered": edges,
        "back to front": edges[::-1],
        "shuffled": random.Random(0).sample(edges, len(edges)),
    }


# -- units ---------------------------------------------------------------------------------------------------


def addresses(count: int, system: str = "SYS") -> list[str]:
    """Return so many addresses of components."""
    return [f"{system}/UNIT{number}" for number in range(count)]


def settings(address: str) -> dict[str, Any]:
    """Return the settings of one unit; no two are alike, as in life."""
    number = int(address.rpartition("UNIT")[2])
    return {"gain": number / 8, "channels": number, "name": f"unit {number}", "window": number / 16}


def type_name(name: str) -> str:
    """Return the name of a type as a crawl does: made anew for every use, so that no pickle can share it."""
    return f"{__package__}.{name}"


# -- messages ------------------------------------------------------------------------------------------------


def payload(size: int) -> bytes:
    """Return a message of so many bytes, for where nothing looks inside."""
    return b"x" * size


def stamped_bytes(size: int) -> Callable[[float, int], bytes]:
    """Return what makes a message of so many bytes, with its time and number in front."""
    stamp = struct.Struct(f"<dQ{size - 16}x")
    return stamp.pack


def stamped_arrays(size: int) -> Callable[[float, int], npt.NDArray[np.float64]]:
    """Return what makes an array of so many bytes, with its time and number in front.

    It takes one of more arrays than can be under way at once, so that nobody pays for new memory.
    """
    ready = [np.full(size // 8, number, np.float64) for number in range(4 * QUEUE)]

    def stamped(sent: float, number: int) -> npt.NDArray[np.float64]:
        array = ready[number % len(ready)]
        array[:2] = sent, number
        return array

    return stamped


@attrs.frozen
class Messages:
    """So many stamped messages of one kind."""

    kind: str
    size: int
    count: int
    pause: float | None = None
    """Seconds between two; None for as fast as they go."""


STAMPED: Final = {"bytes": stamped_bytes, "array": stamped_arrays}
"""The kinds of messages that say when they left."""


TYPES: Final[dict[str, type]] = {"bytes": bytes, "array": np.ndarray}
"""The type of a message, by its kind, for what carries more than bytes."""


def packed(message: bytes | npt.NDArray[np.float64]) -> bytes:
    """Return a message as its bytes, for what carries nothing else."""
    return message if isinstance(message, bytes) else message.tobytes()


UNPACKED: Final[dict[str, Callable[[bytes], Any]]] = {"bytes": bytes, "array": np.frombuffer}
"""From bytes to a message, by its kind."""


def stamp_of(message: Any) -> tuple[float, int, int]:
    """Return a stamped message's time, its number, and how many bytes it has."""
    if isinstance(message, np.ndarray):
        return float(message[0]), int(message[1]), message.nbytes
    sent, number = struct.unpack_from("<dQ", message)
    return sent, number, len(message)
