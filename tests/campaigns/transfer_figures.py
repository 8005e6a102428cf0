"""What a large document costs everybody else: the latency of another client's requests while one is made and sent.

``python tests/campaigns/transfer_figures.py [COMPONENTS ...]``. Server, bystander and the client with the large
documents are three processes. The bystander's requests are due at a fixed rate and measured from when they were due,
so that a blocked loop cannot hide its own latency; the server's loop says how long its longest step was, and its
longest garbage collection. ``watched`` is a registration that is watched, ``life`` a session that opens, registers
and ends.
"""

import gc
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import attrs
import trio
from campaign_house import p99

from actors import Session, open_graph, open_session, serve_websocket
from actors._cli._collector import collect_seldom
from actors._graph._wire._wire import ERRORS
from graphmeta import GraphMetadata, InitialSettings, OutputStreamMetadata, UnitMetadata
from transport import LinkLost, Payload, Peer, connect_websocket

SECONDS = 5.0
RATE = 200
"""Requests of the bystander in a second."""
PAUSE = 0.5
"""Seconds between two large documents."""
KINDS = ("snapshot_pickle", "snapshot", "register_metadata", "watched", "life")


class Steps(trio.abc.Instrument):
    """The longest step of the loop, in processor time: a busy machine's own pauses are no step of ours.

    Garbage collections are told apart: they belong to whatever step they happen to fall into.
    """

    def __init__(self) -> None:
        self.longest = self.collection = 0.0
        self._began = self._collecting = self._collected = 0.0
        gc.callbacks.append(self._collect)

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self._began, self._collected = time.thread_time(), 0.0

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        self.longest = max(self.longest, time.thread_time() - self._began - self._collected)

    def _collect(self, phase: str, _: object) -> None:
        if phase == "start":
            self._collecting = time.thread_time()
            return
        took = time.thread_time() - self._collecting
        self._collected += took
        self.collection = max(self.collection, took)


async def serve() -> None:
    """Say url and token, then the longest step and collection for every line of input. As ``trellis serve`` runs."""
    collect_seldom()
    steps = Steps()
    async with open_graph() as graph, trio.open_nursery() as nursery:
        door = await nursery.start(serve_websocket, graph)
        print(door.url, door.token, flush=True)
        trio.lowlevel.add_instrument(steps)
        async for _ in trio.lowlevel.FdStream(0):
            print(steps.longest, steps.collection, flush=True)
            steps.longest = steps.collection = 0.0
        nursery.cancel_scope.cancel()


def components(count: int) -> GraphMetadata:
    """About seven hundred bytes each."""
    units = {}
    for number in range(count):
        address = f"SYSTEM/GROUP{number % 100}/UNIT{number}"
        stream = OutputStreamMetadata("OUTPUT", f"{address}/OUTPUT", "numpy.ndarray")
        settings = InitialSettings({"gain": 1.0, "band": {"low": number, "high": 2.0}}, b"x" * 50)
        units[address] = UnitMetadata(
            address,
            f"UNIT{number}",
            "somebody.package.module.Unit" + "x" * 200,
            initial_settings=settings,
            output_streams={"OUTPUT": stream},
        )
    return GraphMetadata(units=units)


async def ask(url: str, token: str, kind: str, count: int) -> None:
    """Make one large document after the other cross, each of a new revision, and tell how large and how slow."""
    metadata = components(count)
    async with connect_websocket(url, token=token) as link, trio.open_nursery() as nursery:
        peer = Peer(link, errors=ERRORS, json=kind == "snapshot")
        await nursery.start(peer.run)
        await peer.request("open", {"name": kind})
        if kind == "life":
            print("ready", flush=True)
            await live(url, token, metadata)
        await peer.request("register_metadata", {"metadata": metadata})
        if kind == "watched":
            await peer.request("watch", {"subscription": 1})
        print("ready", flush=True)
        method, params = ("snapshot", {}) if kind == "snapshot" else ("snapshot_pickle", {})
        if kind in ("register_metadata", "watched"):
            method, params = "register_metadata", {"metadata": metadata}
        while True:
            await trio.sleep(PAUSE)
            await peer.request("connect", {"from_topic": "A", "to_topic": "B"})
            await peer.request("disconnect", {"from_topic": "A", "to_topic": "B"})
            began = time.perf_counter()
            result = await peer.request(method, params, Payload)
            print(time.perf_counter() - began, len(bytes(result._raw)), flush=True)


async def live(url: str, token: str, metadata: GraphMetadata) -> None:
    """Let one session after the other open, register and end."""
    while True:
        await trio.sleep(PAUSE)
        began = time.perf_counter()
        async with connect_websocket(url, token=token) as link, trio.open_nursery() as nursery:
            peer = Peer(link, errors=ERRORS)
            await nursery.start(until_closed, peer)
            await peer.request("open", {"name": "life"})
            await peer.request("register_metadata", {"metadata": metadata})
            await peer.request("close", {})
            nursery.cancel_scope.cancel()
        print(time.perf_counter() - began, 0, flush=True)


async def until_closed(peer: Peer, *, task_status: trio.TaskStatus[None]) -> None:
    """Serve a connection that the server closes after the goodbye, and may close before we leave."""
    with suppress(LinkLost):
        await peer.run(task_status=task_status)


@attrs.frozen
class Server:
    url: str
    token: str
    process: trio.Process

    async def longest(self) -> tuple[float, float]:
        """Its longest step and garbage collection since it was asked last, milliseconds."""
        await self.process.stdin.send_all(b"\n")
        step, collection = (await line_of(self.process)).split()
        return float(step) * 1e3, float(collection) * 1e3


async def line_of(process: trio.Process) -> str:
    said = b""
    while not said.endswith(b"\n"):
        piece = await process.stdout.receive_some(1)
        assert piece, f"it ended after {said!r}"
        said += piece
    return said.decode().strip()


@asynccontextmanager
async def program(*words: str) -> AsyncIterator[trio.Process]:
    command = [sys.executable, __file__, *words]
    process = await trio.lowlevel.open_process(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()


async def bystand(session: Session) -> list[float]:
    seconds: list[float] = []

    async def once(due: float) -> None:
        await session.upstream("A")
        seconds.append(trio.current_time() - due)

    first = trio.current_time() + 0.1
    async with trio.open_nursery() as nursery:
        for number in range(int(SECONDS * RATE)):
            await trio.sleep_until(first + number / RATE)
            nursery.start_soon(once, first + number / RATE)
    return sorted(seconds)


async def measure(title: str, server: Server, session: Session) -> None:
    await server.longest()
    seconds = await bystand(session)
    step, collection = await server.longest()
    middle = seconds[len(seconds) // 2]
    print(
        f"  {title}: p50 {middle * 1e3:.2f}, p99 {p99(seconds) * 1e3:.1f}, worst {seconds[-1] * 1e3:.1f} ms; "
        f"longest step of the server {step:.1f}, collection {collection:.1f} ms"
    )


async def main(counts: list[int]) -> None:
    for count in counts:
        print(f"{count:,} components")
        for kind in KINDS:
            async with program("serve") as process:
                server = Server(*(await line_of(process)).split(), process)
                async with open_session(server.url, name="bystander", token=server.token) as session:
                    await measure("quiet", server, session)
                    async with program("ask", server.url, server.token, kind, str(count)) as asker:
                        await line_of(asker)
                        await measure(f"beside {kind}", server, session)
                        asker.terminate()
                        said = [
                            line.split() for line in (await asker.stdout.receive_some(100_000)).decode().splitlines()
                        ]
                    times = sorted(float(words[0]) for words in said)
                    print(f"  {len(said)} crossed, {said[0][1]} bytes, median {times[len(times) // 2] * 1e3:.0f} ms")


if __name__ == "__main__":
    role, *words = sys.argv[1:] or ["20000"]
    if role == "serve":
        trio.run(serve)
    elif role == "ask":
        trio.run(ask, *words[:3], int(words[3]))
    else:
        trio.run(main, [int(word) for word in (role, *words)])
