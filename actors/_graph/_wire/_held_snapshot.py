"""The newest snapshot that a client has: what came after it is asked for, not the whole again.

Epoch and revision say all that the server must know; what it answers are the changes that watchers see. When they
cannot be had, or are many, or do not fit, the whole is taken. This file knows neither peers nor how requests travel.
"""

from collections.abc import Awaitable, Callable, Generator
from typing import Final
from uuid import UUID

from actors._graph._slices import in_slices
from graphmeta import GraphError, GraphSnapshot, decode_changes_slices, load_snapshot_slices

AskWhole = Callable[[], Awaitable[bytes]]
"""Gives an encoded snapshot."""
AskAfter = Callable[[UUID, int], Awaitable[bytes | None]]
"""Gives the encoded changes after a revision, or None."""


class HeldSnapshot:
    """Keeps one snapshot, and brings it up to date."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes: Final = max_bytes
        self._held: GraphSnapshot | None = None

    async def newest(self, ask_whole: AskWhole, ask_after: AskAfter) -> GraphSnapshot:
        """The whole state as of now. What was handed out before stays as it is."""
        fresh = await self._brought_up_to_date(ask_after) or await self._whole(ask_whole)
        # Another request may have been faster.
        if self._held is None or self._held.revision < fresh.revision or self._held.epoch != fresh.epoch:
            self._held = fresh
        return fresh

    async def _brought_up_to_date(self, ask_after: AskAfter) -> GraphSnapshot | None:
        if (held := self._held) is None:
            return None
        changes = await ask_after(held.epoch, held.revision)
        if changes is None:
            return None
        try:
            return await in_slices(_followed(held, changes))
        except GraphError:
            # Whoever it was handed to may have tampered with what is in it.
            self._held = None
            return None

    async def _whole(self, ask_whole: AskWhole) -> GraphSnapshot:
        return await in_slices(load_snapshot_slices(await ask_whole(), max_bytes=self._max_bytes))


def _followed(snapshot: GraphSnapshot, encoded: bytes) -> Generator[object, None, GraphSnapshot]:
    for change in (yield from decode_changes_slices(encoded)):
        snapshot = snapshot.apply(change)
        yield change
    return snapshot
