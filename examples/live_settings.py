"""Settings that change while a pipeline runs: taken between two messages, or refused with a reason; and watched.

The unit opts in with ``INPUT_SETTINGS``. Whoever changes a setting may sit in any process; here it is a second session.
"""

from collections.abc import AsyncIterator
from typing import Any

import attrs
import trio
from attrs.validators import and_, ge, le

from actors import (
    InputStream,
    InvalidSettings,
    OutputStream,
    Unit,
    open_graph,
    open_runner,
    open_session,
    publisher,
    subscriber,
)
from graphmeta import SettingValue


@attrs.frozen
class Band:
    """A band of frequencies, in Hz."""

    low: float = attrs.field(default=1.0, validator=ge(0.0))
    high: float = attrs.field(default=40.0, validator=and_(ge(0.0), le(500.0)))

    def __attrs_post_init__(self) -> None:
        if self.low >= self.high:
            raise ValueError("the low end must be below the high end")


@attrs.frozen
class FilterSettings:
    """What the filter lets pass."""

    band: Band = Band()


class Filter(Unit):
    """Lets a frequency pass, or not."""

    SETTINGS = FilterSettings
    INPUT_SETTINGS = InputStream(FilterSettings)
    INPUT = InputStream(float)
    OUTPUT = OutputStream(str)

    @subscriber(INPUT)
    @publisher(OUTPUT)
    async def judge(self, frequency: float) -> AsyncIterator[tuple[OutputStream[str], str]]:
        """Say whether the frequency passes."""
        band = self.settings.band
        yield self.OUTPUT, f"{frequency:g} Hz {'passes' if band.low <= frequency <= band.high else 'is stopped'}"


async def newest(changes: AsyncIterator[tuple[str, SettingValue | None]]) -> Any:
    """Wait for the next settings; None would mean that nobody has them any more."""
    _, value = await anext(changes)
    assert value is not None
    return value.readable


async def main() -> None:
    """Turn the filter while messages flow; edges are not needed to send to a topic and to hear from one."""
    async with (
        open_graph() as graph,
        open_runner(FILTER=Filter(), graph=graph),
        open_session(graph, name="operator") as operator,
        operator.publisher("FILTER/INPUT", float) as source,
        operator.subscriber("FILTER/OUTPUT", str) as results,
        operator.watch_settings() as changes,
    ):
        print("at first:", await newest(changes))
        await source.send(50.0)
        print(await results.receive())

        await operator.update_setting("FILTER", "band.high", 60.0)
        print("changed:", await newest(changes))
        await source.send(50.0)
        print(await results.receive())

        for path, value in (("band.low", 70.0), ("band.high", "loud"), ("band.width", 1.0)):
            try:
                await operator.update_setting("FILTER", path, value)
            except InvalidSettings as error:
                print("refused:", error)
        print("in the end:", (await operator.settings())["FILTER"].readable)


if __name__ == "__main__":
    trio.run(main)
