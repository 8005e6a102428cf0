"""The newest snapshot that a client has: what came after it is asked for, not the whole again.

Epoch and revision say all that the server must know; what it answers are the changes that watchers see. When they
cannot be had, or are many, or do not fit, the whole is taken. This file knows neither peers nor how requests travel.
"""

from collections.abc import Awaitable, Callable, Generator
from typing import Final
from uuid import UUID

from actors._graph._slices import in_slices
from graphmeta import GraphError, GraphSnapshot, decode_changes_slices, load_snapshot_slices


class HeldSnapshot:
    """Keeps one snapshot, and brings it up to date.

    ``ask_whole`` gives an encoded snapshot, ``ask_after`` the encoded changes after a revision, or None.
    """

    def __init__(
        self,
        ask_whole: Callable[[], Awaitable[bytes]],
        ask_after: Callable[[UUID, int], Awaitable[bytes | None]],
        max_bytes: int,
    ) -> None:
        self._ask_whole: Final = ask_whole
        self._ask_after: Final = ask_after
        self._max_bytes: Final = max_bytes
        self._held: GraphSnapshot | None = None

    async def newest(self) -> GraphSnapshot:
        """The whole state as of now. What was handed out before stays as it is."""
        fresh = await self._brought_up_to_date() or await self._whole()
        # Another request may have been faster.
        if self._held is None or self._held.revision < fresh.revision or self._held.epoch != fresh.epoch:
            self._held = fresh
        return fresh

    async def _brought_up_to_date(self) -> GraphSnapshot | None:
        if (held := self._held) is None:
            return None
        changes = await self._ask_after(held.epoch, held.revision)
        if changes is None:
            return None
        try:
            return await in_slices(_followed(held, changes))
        except GraphError:
            # Whoever it was handed to may have tampered with what is in it.
            self._held = None
            return None

    async def _whole(self) -> GraphSnapshot:
        return await in_slices(load_snapshot_slices(await self._ask_whole(), max_bytes=self._max_bytes))


def _followed(snapshot: GraphSnapshot, encoded: bytes) -> Generator[object, None, GraphSnapshot]:
    for change in (yield from decode_changes_slices(encoded)):
        snapshot = snapshot.apply(change)
        yield change
    return snapshot
