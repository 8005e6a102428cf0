"""What passes through every endpoint: two readings, the rates between them, and who waits for whom.

`trellis top` shows the same in the terminal, live. Any session can read, in any process; counters only ever grow, so
readers do not disturb each other.
"""

from collections.abc import AsyncIterator

import trio

from actors import InputStream, OutputStream, Rates, Session, Unit, open_runner, publisher, rates, subscriber


class Source(Unit):
    """Sends as fast as it may."""

    OUTPUT = OutputStream(int)

    @publisher(OUTPUT)
    async def send(self) -> AsyncIterator[tuple[OutputStream[int], int]]:
        """Send numbers for ever."""
        for number in range(10**9):
            yield self.OUTPUT, number


class Worker(Unit):
    """Takes its time."""

    INPUT = InputStream(int, max_queue=4)

    @subscriber(INPUT)
    async def work(self, number: int) -> None:
        """Work on one."""
        await trio.sleep(0.01)


class Display(Unit):
    """Only wants the newest, and is slower still."""

    INPUT = InputStream(int, leaky=True, max_queue=1)

    @subscriber(INPUT)
    async def show(self, number: int) -> None:
        """Show one."""
        await trio.sleep(0.05)


async def measure(session: Session, seconds: float) -> Rates:
    """Read twice."""
    before = await session.statistics()
    await trio.sleep(seconds)
    return rates(before, await session.statistics())


async def main() -> None:
    """Run the three and say what is going on."""
    source, worker, display = Source(), Worker(), Display()
    connections = [(source.OUTPUT, worker.INPUT), (source.OUTPUT, display.INPUT)]
    async with open_runner(SOURCE=source, WORKER=worker, DISPLAY=display, connections=connections) as runner:
        measured = await measure(runner.session, 0.5)
    print(f"{'topic':15} {'per second':>10} {'dropped':>10} {'blocked':>8} {'queue':>6}")
    for each in measured.endpoints:
        endpoint = each.endpoint
        queue = f"{endpoint.queued}/{endpoint.max_queue}"
        print(f"{endpoint.topic:15} {each.messages:10.1f} {each.dropped:10.1f} {each.blocked:8.0%} {queue:>6}")
    slowest = max(measured.endpoints, key=lambda each: each.blocked if each.endpoint.direction == "subscriber" else 0)
    print("the source waits for", slowest.endpoint.topic)


if __name__ == "__main__":
    trio.run(main)
