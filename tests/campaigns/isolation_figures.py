"""What bad neighbours cost: the latency of an honest session's requests among 100, quiet and beside each of them.

``python tests/campaigns/isolation_figures.py [SESSIONS]``. Requests are due at a fixed rate and measured from when they
were due, so that a blocked loop cannot hide its own latency. Quiet and noisy runs take turns in one process.
"""

import sys
from contextlib import AsyncExitStack

import trio
from campaign_house import House, p99, websocket_house
from test_campaign_isolation import BAD, company

from actors import Session
from transport import Limits

REQUESTS = 10
EVERY = 0.5
"""Seconds between two requests of one session."""


async def probe(session: Session, first: float, seconds: list[float]) -> None:
    for number in range(REQUESTS):
        due = first + number * EVERY
        await trio.sleep_until(due)
        change = session.disconnect if number % 2 else session.connect
        await change(str(session.id), "X")
        seconds.append(trio.current_time() - due)


async def measure(sessions: list[Session]) -> float:
    """The p99 of everybody's requests, milliseconds; they are due evenly spread."""
    seconds: list[float] = []
    began = trio.current_time() + 0.2
    async with trio.open_nursery() as nursery:
        for number, session in enumerate(sessions):
            nursery.start_soon(probe, session, began + EVERY * number / len(sessions), seconds)
    return p99(seconds) * 1e3


async def beside(house: House, names: list[str], sessions: list[Session]) -> float:
    async with AsyncExitStack() as stack:
        for name in names:
            await stack.enter_async_context(BAD[name](house))
        return await measure(sessions)


async def main(count: int) -> None:
    async with websocket_house(Limits()) as house, company(house, count) as sessions:
        await measure(sessions)
        for names in [[name] for name in BAD] + [list(BAD)]:
            before, noisy, after = (
                await measure(sessions),
                await beside(house, names, sessions),
                await measure(sessions),
            )
            quiet = max(before, after)
            verdict = "ok" if noisy <= max(2 * quiet, quiet + 5) else "MORE THAN ALLOWED"
            print(f"{' and '.join(names)}: p99 {noisy:.1f} ms, quiet {before:.1f} and {after:.1f} ms: {verdict}")


if __name__ == "__main__":
    trio.run(main, int(sys.argv[1]) if len(sys.argv) > 1 else 100)
