"""A unit in a worker process of its own: arrays cross to it and back, and when it is killed it comes back.

``process_components`` names it, as in ezmsg. Its process is our child, so any class may cross, and this very script's
units run there, too. What else runs, runs on: only its endpoints go with its process.
"""

import os
import signal
from collections.abc import AsyncIterator

import numpy as np
import trio
from axis_array import Axis, AxisArray

from actors import (
    Change,
    Collection,
    InputStream,
    OutputStream,
    Publisher,
    Session,
    Subscriber,
    Unit,
    open_runner,
    publisher,
    subscriber,
)


class Average(Unit):
    """Averages over time. It says in which process by the key of what it sends."""

    RESTART = "transient"
    INPUT = InputStream(AxisArray)
    OUTPUT = OutputStream(AxisArray)

    @subscriber(INPUT)
    @publisher(OUTPUT)
    async def average(self, block: AxisArray) -> AsyncIterator[tuple[OutputStream[AxisArray], AxisArray]]:
        """Send one value a channel."""
        yield self.OUTPUT, AxisArray(block.data.mean(axis=0), ("channel",), labels=block.labels, key=str(os.getpid()))


class System(Collection):
    """One unit, elsewhere."""

    AVERAGE = Average()

    def process_components(self) -> tuple[Unit, ...]:
        """Each component named here gets a process, with all below it."""
        return (self.AVERAGE,)


async def kill(process: int, session: Session) -> None:
    """Kill the worker, and wait until somebody takes messages at the unit's input again."""
    async with session.watch(await session.snapshot()) as changes:
        os.kill(process, signal.SIGKILL)
        async for change in changes:
            assert isinstance(change, Change)
            if any(each.opened and each.endpoint.topic == "SYS/AVERAGE/INPUT" for each in change.endpoints):
                return


async def average(block: AxisArray, source: Publisher, results: Subscriber) -> int:
    """Have a block averaged; the number of the process that did it."""
    await source.send(block)
    result = await results.receive()
    print(dict(zip(result.labels["channel"], result.data.tolist(), strict=True)))
    return int(result.key)


async def main() -> None:
    """Send a block there and back, kill the process, and do it again."""
    data = np.arange(200_000.0).reshape(-1, 2)
    block = AxisArray(data, ("time", "channel"), {"time": Axis(0.01, unit="s")}, {"channel": ("left", "right")})
    async with (
        open_runner(SYS=System()) as runner,
        runner.session.publisher("SYS/AVERAGE/INPUT", AxisArray) as source,
        runner.session.subscriber("SYS/AVERAGE/OUTPUT", AxisArray) as results,
    ):
        first = await average(block, source, results)
        await kill(first, runner.session)
        second = await average(block, source, results)
        print("three processes:", len({os.getpid(), first, second}) == 3)
        print("failed:", *runner.failures)


if __name__ == "__main__":
    trio.run(main)
