"""Live settings as a stream of their own, read off a watch: what holds now, then every change."""

from collections import deque
from typing import Final, Self

from actors._graph._supervisor._watch import Changes
from graphmeta import Change, Resync, SettingValue

Setting = tuple[str, SettingValue | None]


class SettingsWatch:
    """An async iterator of addresses and their settings; None when nobody speaks of the address any more.

    After a resync every setting comes again that is not as it was, and None for each that is gone.
    """

    def __init__(self, changes: Changes) -> None:
        self._changes: Final = changes
        self._known: dict[str, SettingValue] = {}
        self._queue: deque[Setting] = deque()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Setting:
        return await self.receive()

    async def receive(self) -> Setting:
        """Wait for the next setting. Raises what the watch beneath raises."""
        while not self._queue:
            self._take(await self._changes.receive())
        return self._queue.popleft()

    def _take(self, item: Change | Resync) -> None:
        if isinstance(item, Resync):
            now = item.snapshot.settings
            news: list[Setting] = [(address, None) for address in self._known.keys() - now.keys()]
            news += [(address, value) for address, value in now.items() if self._known.get(address) != value]
        else:
            news = [(changed.address, changed.value) for changed in item.settings]
        for address, value in news:
            self._note(address, value)
        self._queue.extend(news)

    def _note(self, address: str, value: SettingValue | None) -> None:
        if value is None:
            self._known.pop(address, None)
        else:
            self._known[address] = value
