"""A unit that fails and comes back: what it was doing is lost, what waits for it is not, and the runner knows why.

By default a unit's error ends the whole pipeline and leaves `open_runner` as itself. ``RESTART`` says otherwise.
"""

import attrs
import trio
from attrs import Factory

from actors import InputStream, Supervision, Unit, open_runner, subscriber


@attrs.define
class Tally:
    """What one life of the unit has seen; every life begins with a fresh one."""

    seen: list[int] = Factory(list)


class Divider(Unit):
    """Divides by what comes, and is restarted when it cannot."""

    RESTART = "transient"
    STATE = Tally
    INPUT = InputStream(int)

    async def initialize(self) -> None:
        """Runs again after each failure."""
        print("divider ready")

    @subscriber(INPUT)
    async def divide(self, number: int) -> None:
        """Print the quotient."""
        self.state.seen.append(number)
        print(f"60 / {number} = {60 // number}; this life has seen {self.state.seen}")


async def main() -> None:
    """Send a zero among other numbers; two failures within a minute would be borne, a third would not."""
    divider = Divider()
    supervision = Supervision(max_restarts=2, within=60.0)
    async with (
        open_runner(DIVIDER=divider, supervision=supervision) as runner,
        runner.session.publisher("DIVIDER/INPUT", int) as numbers,
    ):
        for number in (5, 0, 6, 12):
            await numbers.send(number)
        await runner.session.sync()
        (failure,) = runner.failures
        print("failed:", failure)
        print(*failure.error.__notes__)
        print(runner.tree().actors[0].restarts, "restart")


if __name__ == "__main__":
    trio.run(main)
