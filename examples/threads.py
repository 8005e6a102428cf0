"""Blocking code beside the loop: a device that only knows how to block is read in a thread of the unit's own.

The thread gets an event that says when to stop. What it read goes to the loop through a memory channel, whose bound is
the back-pressure: a pipeline that is slow slows the thread.
"""

import time
from collections.abc import AsyncIterator
from threading import Event

import trio

from actors import InputStream, NormalTermination, OutputStream, Unit, open_runner, publisher, subscriber, thread


class Dice:
    """A device with a blocking interface, as drivers have one."""

    def __init__(self) -> None:
        self.rolled = 0

    def read(self) -> int:
        """Block for a while, then return what fell."""
        time.sleep(0.002)
        self.rolled += 1
        return self.rolled % 6 + 1

    def close(self) -> None:
        """Give the device back."""
        print("device closed")


class Reader(Unit):
    """Reads the device in a thread, and publishes from the loop."""

    OUTPUT = OutputStream(int)

    async def initialize(self) -> None:
        """Open both ends of the way from the thread to the loop."""
        self.into, self.out_of = trio.open_memory_channel[int](16)

    @thread
    def read(self, stopping: Event) -> None:
        """Runs in a thread; ends soon after it was told to."""
        device = Dice()
        try:
            while not stopping.is_set():
                trio.from_thread.run(self.into.send, device.read())
        except (trio.BrokenResourceError, trio.RunFinishedError):
            pass  # nobody takes it any more
        finally:
            device.close()

    @publisher(OUTPUT)
    async def publish(self) -> AsyncIterator[tuple[OutputStream[int], int]]:
        """Send what the thread read; closing this end frees a thread that waits for room."""
        with self.out_of:
            async for number in self.out_of:
                yield self.OUTPUT, number


class Print(Unit):
    """Prints five, and ends the run."""

    INPUT = InputStream(int)

    async def initialize(self) -> None:
        """Start with nothing seen."""
        self.seen = 0

    @subscriber(INPUT)
    async def show(self, number: int) -> None:
        """Print one."""
        self.seen += 1
        print(f"roll {self.seen}: {number}")
        if self.seen == 5:
            raise NormalTermination


async def main() -> None:
    """Run until the printer has had enough."""
    reader, sink = Reader(), Print()
    async with open_runner(READER=reader, PRINT=sink, connections=[(reader.OUTPUT, sink.INPUT)]) as runner:
        await runner.wait()
    print("over")


if __name__ == "__main__":
    trio.run(main)
