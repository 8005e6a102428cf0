"""Ctrl-C at any line of the actor floor: it leaves as itself, and every life that began has its stopping.

A trace function sends the signal just before the n-th line that runs in the floor's own files, for one n after
another. ``TRELLIS_CAMPAIGN=full`` takes every line.
"""

import os
import signal
import sys
from pathlib import Path

import pytest
import trio
import trio.testing

import actors._floor
from actors import Actor, Backoff, Deferred, open_actor_nursery

FLOOR = str(Path(actors._floor.__file__).parent)
STEP = 1 if os.environ.get("TRELLIS_CAMPAIGN") == "full" else 7


class Worker(Actor):
    mailbox_bound = 1

    def __init__(self, lives):
        self.lives = lives

    async def started(self):
        # counted in one line that cannot be interrupted half-way: `started` has returned when it has run
        self.protected_begin()

    @trio.lowlevel.enable_ki_protection
    def protected_begin(self):
        self.lives.append(self)
        self.nursery.start_soon(trio.sleep_forever)

    async def stopping(self):
        self.lives.remove(self)
        await trio.lowlevel.checkpoint()

    async def echo(self, value):
        return value

    async def later(self, value) -> Deferred[object]:
        deferred = Deferred()
        self.call_later(0.1, self.settle, deferred, value)
        return deferred

    async def settle(self, deferred, value):
        deferred.settle(value)

    async def crash(self):
        raise ValueError("crash")


async def scenario(lives):
    backoff = Backoff(first=0.1, jitter=0)
    async with open_actor_nursery(strategy="one_for_all", backoff=backoff) as nursery:
        a, b = [await nursery.start(Worker, lives, restart="permanent") for _ in range(2)]
        assert await a.call(Worker.echo, 1) == 1
        assert await a.call(Worker.later, 2) == 2
        await b.cast(Worker.crash)
        for number in range(3):
            await b.cast(Worker.echo, number)
        assert await b.call(Worker.echo, 3) == 3
        monitor = a.monitor()
        await a.stop()
        assert (await anext(monitor)).reason == "normal"


class Interrupter:
    """Sends one SIGINT before line number `when`."""

    def __init__(self, when):
        self.when = when
        self.lines = 0

    def __call__(self, frame, event, argument):
        return self.line if frame.f_code.co_filename.startswith(FLOOR) else None

    def line(self, frame, event, argument):
        if event == "line":
            self.lines += 1
            if self.lines == self.when:
                signal.raise_signal(signal.SIGINT)
        return self.line


def run_interrupted(when):
    """Run the scenario; returns whether the signal was sent, and the lives that had no stopping."""
    lives = []
    interrupter = Interrupter(when)

    async def main():
        with trio.fail_after(1000):
            await scenario(lives)

    sys.settrace(interrupter)
    try:
        trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
    except KeyboardInterrupt:
        return True, lives
    finally:
        sys.settrace(None)
    return False, lives


@pytest.mark.skipif(sys.gettrace() is not None, reason="a debugger or coverage has the trace function")
def test_ctrl_c_at_any_line_hangs_nothing_and_skips_no_stopping():
    when, sent = 1, True
    while sent:
        sent, lives = run_interrupted(when)
        assert lives == [], f"no stopping, Ctrl-C before line {when}"
        when += STEP
    assert when > 1000, "the signal reached every part of the scenario"
