"""Deadlocks are told: who waits for whom, followed from the actor that is about to be asked.

Each life notes the slot that its loop's own task waits on; nothing else is followed, so a ring that runs
through a task which a handler spawned is not seen, and a ring that is reported is one.
"""

from typing import Protocol

from ._errors import CallCycle
from ._life import Life
from ._slot import Wait


class Waiter(Protocol):
    """The target of a slot: an actor's cell."""

    path: str
    life: Life | None


def _next(life: Life | None) -> "Waiter | None":
    slot = None if life is None else life.waits_for
    # a reply that was put off does not wait for the loop, and a settled one does not wait at all
    if slot is None or slot.state is not Wait.OPEN:
        return None
    target: Waiter = slot.target  # type: ignore[assignment]  # slots do not know what they wait for
    return target


def check_ring(caller: Life, target: Waiter) -> None:
    """Raise `CallCycle` if `target` waits, directly or through others, for the caller's own loop."""
    ring = [caller.path]
    node: Waiter | None = target
    while node is not None:
        ring.append(node.path)
        if node.life is caller:
            raise CallCycle(tuple(ring))
        # a ring that does not include the caller has been refused when it was about to be closed
        node = _next(node.life)
