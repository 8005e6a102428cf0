"""What bad neighbours cost: the latency of an honest session's requests among 100, quiet and beside each of them.

``python tests/campaigns/isolation_figures.py [SESSIONS]``. The server, its honest clients and the bad ones live in
processes of their own, and the honest clients' own garbage waits, so that the server is what is measured. Requests are
due at a fixed rate and measured from when they were due, so that a blocked loop cannot hide its own latency. Quiet and
noisy runs take turns.
"""

import gc
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

import trio
from campaign_clients import ClientProcess, client_process
from campaign_house import p99

from actors import Door, Session, open_session

REQUESTS = 10
EVERY = 0.5
"""Seconds between two requests of one session."""
CLIENTS = {"a stuck reader": "stuck 0", "a flooder": "flood 0", "a huge sender": "huge 0"}
ACTOR = "a bad local actor"
BAD = (*CLIENTS, ACTOR)


class Server:
    """`isolation_server.py`, at work."""

    def __init__(self, process: trio.Process, door: Door) -> None:
        self.door = door
        self._program = ClientProcess(process)

    @asynccontextmanager
    async def bad_actor(self) -> AsyncIterator[None]:
        await self._program.tell("bad")
        await self._program.hear("bad")
        yield
        await self._program.tell("good")
        await self._program.hear("good")

    @asynccontextmanager
    async def bad_client(self, way: str) -> AsyncIterator[None]:
        async with client_process(self.door, way) as client:
            await client.hear("ready")
            yield

    def bad(self, name: str) -> AbstractAsyncContextManager[None]:
        return self.bad_actor() if name == ACTOR else self.bad_client(CLIENTS[name])


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    command = [sys.executable, str(Path(__file__).with_name("isolation_server.py"))]
    process = await trio.lowlevel.open_process(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        said = b""
        while not said.endswith(b"\n"):
            said += await process.stdout.receive_some()
        yield Server(process, Door(*said.decode().split()))
    finally:
        with trio.CancelScope(shield=True):
            process.kill()
            await process.wait()


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
    gc.collect()
    began = trio.current_time() + 0.2
    async with trio.open_nursery() as nursery:
        for number, session in enumerate(sessions):
            nursery.start_soon(probe, session, began + EVERY * number / len(sessions), seconds)
    return p99(seconds) * 1e3


async def beside(server: Server, names: list[str], sessions: list[Session]) -> float:
    async with AsyncExitStack() as stack:
        for name in names:
            await stack.enter_async_context(server.bad(name))
        return await measure(sessions)


async def main(count: int) -> None:
    async with serving() as server, AsyncExitStack() as stack:
        door = server.door
        sessions = [
            await stack.enter_async_context(open_session(door.url, name=f"honest {n}", token=door.token))
            for n in range(count)
        ]
        gc.disable()
        await measure(sessions)
        for names in [[name] for name in BAD] + [list(BAD)]:
            before, noisy, after = (
                await measure(sessions),
                await beside(server, names, sessions),
                await measure(sessions),
            )
            quiet = max(before, after)
            verdict = "ok" if noisy <= max(2 * quiet, quiet + 5) else "MORE THAN ALLOWED"
            print(f"{' and '.join(names)}: p99 {noisy:.1f} ms, quiet {before:.1f} and {after:.1f} ms: {verdict}")


if __name__ == "__main__":
    trio.run(main, int(sys.argv[1]) if len(sys.argv) > 1 else 100)
