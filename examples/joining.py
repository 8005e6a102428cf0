"""A unit in a second program joins a pipeline that runs already, and leaves it; the pipeline does not notice.

The first program serves its graph, as `run` does by itself. The second one knows its address and one name: that of the
stream that it listens to. Its unit, its queue and its edge are its own, and go with it.
"""

import sys
from collections.abc import AsyncIterator

import attrs
import trio

from actors import (
    InputStream,
    NormalTermination,
    OutputStream,
    Runner,
    Unit,
    open_runner,
    publisher,
    run,
    subscriber,
)


class Source(Unit):
    """Fifty numbers a second. Sleeping until a time, and not for a time, keeps the rate."""

    OUTPUT = OutputStream(int)

    @publisher(OUTPUT)
    async def count(self) -> AsyncIterator[tuple[OutputStream[int], int]]:
        """Count for as long as the run lasts."""
        start, number = trio.current_time(), 0
        while True:
            await trio.sleep_until(start + number / 50)
            yield self.OUTPUT, number
            number += 1


@attrs.define
class Heard:
    """What came so far."""

    numbers: list[int] = attrs.field(factory=list)


class Look(Unit):
    """Prints what comes, three times, and ends the run that it belongs to: the second program's."""

    STATE = Heard
    INPUT = InputStream(int)

    @subscriber(INPUT)
    async def look(self, number: int) -> None:
        """Say where a number stands after the one before; which one is the first is a matter of luck."""
        heard = self.state.numbers
        follows = f"{number - heard[-1]} after the last" if heard else "the first"
        print("the second program hears a number,", follows, flush=True)
        heard.append(number)
        if len(heard) == 3:
            raise NormalTermination


async def start_a_second_program(runner: Runner) -> None:
    """What you would do in a second terminal; and afterwards, what is left of it."""
    command = [sys.executable, __file__, str(runner.address)]
    await trio.run_process(command)
    edges = (await runner.session.snapshot()).edge_owners
    print("edges that it left behind:", len(edges), "- and the pipeline still runs:", not runner.failures)


async def main() -> None:
    """The first program."""
    async with open_runner(SOURCE=Source(), serve=True) as runner:
        await start_a_second_program(runner)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run(LOOK=Look(), connections=[("SOURCE/OUTPUT", "LOOK/INPUT")], graph=sys.argv[1])
    else:
        trio.run(main)
