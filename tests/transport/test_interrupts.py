"""Ctrl-C at any line of two peers and their links: it leaves as itself, and nobody waits for ever.

A trace function sends the signal just before the n-th line that runs in the transport's own files, for one n after
another. ``TRELLIS_CAMPAIGN=full`` takes every line.
"""

import gc
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import trio
import trio.testing
from peer_ends import Calculator

import transport
from transport import Limits, Link, LinkLost, Peer, Role, Service
from transport._doors._unix import unix_link
from transport._groups import unexpected
from transport._link._guard import GuardedStream

HOME = str(Path(transport.__file__).parent)
STEP = 1 if os.environ.get("TRELLIS_CAMPAIGN") == "full" else 29
LIMITS = Limits(heartbeat_interval=2, heartbeat_timeout=1)


async def scenario() -> None:
    """Ask, tell, keep silent for a while, and take leave, over streams that take nothing at once."""
    ours, theirs = trio.testing.memory_stream_pair()
    async with trio.open_nursery() as nursery:
        links = [
            unix_link(GuardedStream(stream, 10), role, role.value, LIMITS, nursery.start_soon)
            for stream, role in ((ours, Role.CLIENT), (theirs, Role.SERVER))
        ]
        calculator = Calculator()
        client, server = Peer(links[0], limits=LIMITS), Peer(links[1], limits=LIMITS, service=Service(calculator))
        calculator.peer = server
        try:
            nursery.start_soon(serve, server, links[1])
            nursery.start_soon(serve, client, links[0])
            nursery.start_soon(client.request, "add_later", {"a": 1, "b": 2}, int)
            assert await client.request("add", {"a": 1, "b": 2}, int) == 3
            nursery.start_soon(ping, links[0])
            text = "x" * 200_000
            assert await client.request("repeat", {"text": text}, str) == text
            client.notify("note", {"text": "."})
            await trio.sleep(5)
            assert await client.request("add", {"a": 1, "b": 2}, int) == 3
        finally:
            await leave(client)


async def ping(link: Link) -> None:
    """Owe signs of life while somebody sends."""
    for _ in range(20):
        link.ping()
        await trio.lowlevel.checkpoint()


# As a session's goodbye, it is protected.
@trio.lowlevel.enable_ki_protection
async def leave(client: Peer) -> None:
    try:
        await client.take_leave("part", {}, str)
    except LinkLost:
        return


@trio.lowlevel.enable_ki_protection
async def serve(peer: Peer, link: Link) -> None:
    try:
        await peer.run(shielded=True)
    except LinkLost:
        return
    finally:
        await link.aclose()


class Interrupter:
    """Sends one SIGINT before line number `when`."""

    def __init__(self, when: int) -> None:
        self.when = when
        self.lines = 0

    def __call__(self, frame: FrameType, event: str, argument: object) -> Any:
        return self.line if frame.f_code.co_filename.startswith(HOME) else None

    def line(self, frame: FrameType, event: str, argument: object) -> Any:
        if event == "line":
            self.lines += 1
            if self.lines == self.when:
                signal.raise_signal(signal.SIGINT)
        return self.line


def run_interrupted(when: int) -> bool:
    """Run the scenario; returns whether the signal was sent. It must have left by then."""
    interrupter = Interrupter(when)

    async def main() -> None:
        trio.lowlevel.spawn_system_task(watch_out)
        await scenario()

    async def watch_out() -> None:
        await trio.sleep(1000)
        raise AssertionError(f"somebody waits for ever, Ctrl-C before line {when}")

    error: BaseException | None = None
    sys.settrace(interrupter)
    try:
        trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
    except BaseException as left:
        error = left
    finally:
        sys.settrace(None)
    # What the other end of one who was struck makes of it is no news.
    rest = None if error is None else unexpected(error, (LinkLost,))
    if isinstance(rest, KeyboardInterrupt):
        return True
    if rest is not None:
        raise rest
    assert interrupter.lines < when, f"Ctrl-C before line {when} was lost"
    return False


# A method that is struck before its first line is one that Python misses, when what holds it is freed: here, not later.
@pytest.mark.filterwarnings("ignore:coroutine 'Calculator:RuntimeWarning")
@pytest.mark.skipif(sys.gettrace() is not None, reason="a debugger or coverage has the trace function")
def test_ctrl_c_at_any_line_of_a_connection_hangs_nothing() -> None:
    when, sent = 1, True
    while sent:
        sent = run_interrupted(when)
        when += STEP
    gc.collect()
    assert when > 1000, "the signal reached every part of the scenario"
