"""Actors in bad weather: cancelled at every tick, and driven by random orders; nothing is lost, doubled or left.

``TRELLIS_CAMPAIGN=full`` makes the random part ten times longer.
"""

import collections
import contextlib
import os

import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st

from actors import (
    Actor,
    ActorError,
    ActorStopped,
    Backoff,
    Deferred,
    Supervision,
    TooManyRestarts,
    open_actor_nursery,
)
from actors._floor._mailbox import Mailbox
from actors._floor._message import Message
from actors.testing import record_downs

EXAMPLES = 600 if os.environ.get("TRELLIS_CAMPAIGN") == "full" else 60
SOON = Backoff(first=0.5, jitter=0)


class Ledger:
    """Which lives are up; a life that ends twice, or that begins beside another, is found out."""

    def __init__(self):
        self.up = {}
        self.lives = collections.Counter()

    def begin(self, path, actor):
        assert path not in self.up, f"{path} lives twice"
        self.up[path] = actor
        self.lives[path] += 1

    def end(self, path, actor):
        assert self.up.pop(path) is actor, f"{path} ended twice"


class Sailor(Actor):
    """Does everything an actor can do."""

    mailbox_bound = 2
    supervision = Supervision("one_for_all", max_restarts=50, backoff=SOON)

    def __init__(self, ledger, children=0):
        self.ledger = ledger
        self.children = children
        self.open = []

    async def started(self):
        self.ledger.begin(self.ref.path, self)
        try:
            for number in range(self.children):
                await self.nursery.start(Sailor, self.ledger, name=f"child-{number}", restart="transient")
            self.nursery.start_soon(trio.sleep_forever)
            self.call_every(0.7, self.echo, "tick")
        except BaseException:
            # a start that fails, or is cancelled, has no stopping
            self.ledger.end(self.ref.path, self)
            raise

    async def stopping(self):
        self.ledger.end(self.ref.path, self)
        await trio.sleep(0.1)

    async def echo(self, value):
        await trio.lowlevel.checkpoint()
        return value

    async def slow(self, value):
        await trio.sleep(1)
        return value

    async def later(self, value) -> Deferred[object]:
        deferred = Deferred()
        self.nursery.start_soon(self.settle, deferred, value)
        return deferred

    async def settle(self, deferred, value):
        await trio.sleep(0.3)
        deferred.settle(value)

    async def crash(self, value=None):
        raise ValueError("crash")

    async def leave(self, value=None):
        self.stop()
        return value


async def voyage(ledger, refs):
    """A little of everything, in order."""
    async with open_actor_nursery(strategy="rest_for_one", max_restarts=50, backoff=SOON) as nursery:
        for name, children in (("a", 2), ("b", 0), ("c", 1)):
            refs.append(await nursery.start(Sailor, ledger, children, name=name, restart="permanent"))
        a, b, c = refs
        assert await a.call(Sailor.echo, 1) == 1
        await b.cast(Sailor.crash)
        for _ in range(4):
            await c.cast(Sailor.slow, 2)
        assert await c.call(Sailor.later, 3) == 3
        assert await b.call(Sailor.leave, 4) == 4
        assert (await nursery.wait_for("b")) is b
        assert await b.call(Sailor.slow, 5) == 5
        await c.stop()
        async for down in b.monitor():
            raise AssertionError(down)


TICKS_OF_THE_VOYAGE = 150


async def test_a_cancellation_at_any_tick_leaves_nothing_behind(autojump_clock):
    for tick in range(1, TICKS_OF_THE_VOYAGE):
        idle = trio.lowlevel.current_statistics().tasks_living
        ledger, refs = Ledger(), []
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as tasks:
                tasks.start_soon(_cancel_after, tick, scope)
                # raised if the crash that was ordered comes while the nursery is closing already
                with contextlib.suppress(ValueError):
                    await voyage(ledger, refs)
        assert scope.cancelled_caught
        assert ledger.up == {}, f"cancelled at tick {tick}"
        assert [ref.status().state for ref in refs] == ["stopped"] * len(refs)
        assert trio.lowlevel.current_statistics().tasks_living == idle
    assert len(refs) == 3
    assert ledger.lives["actors/b"] >= 3, "the voyage was over when the last cancellation came"


async def _cancel_after(ticks, scope):
    for tick in range(ticks):
        # every third tick lets the clock jump, if all others are blocked
        await trio.sleep(0 if tick % 3 else 0.15)
    scope.cancel()


@pytest.mark.parametrize("message", ["echo", "slow", "later", "crash", "leave"])
async def test_a_call_that_is_cancelled_at_any_tick_harms_nobody(message, autojump_clock):
    ledger = Ledger()
    async with open_actor_nursery(max_restarts=1000, backoff=SOON) as nursery:
        ref = await nursery.start(Sailor, ledger, name="a", restart="permanent")
        for tick in range(60):
            with trio.CancelScope() as scope:
                async with trio.open_nursery() as tasks:
                    tasks.start_soon(_cancel_after, tick % 20, scope)
                    try:
                        assert await ref.call(getattr(Sailor, message), tick) == tick
                    except (ValueError, ActorStopped):
                        assert message in ("crash", "leave")
                    tasks.cancel_scope.cancel()
            assert await ref.call(Sailor.echo, "still there") == "still there"
    assert ledger.up == {}


# -- random orders --------------------------------------------------------------------------------

RESTARTS = st.sampled_from(["permanent", "transient", "temporary"])
WHO = st.integers(0, 3)
ORDERS = st.one_of(
    st.tuples(st.just("start"), RESTARTS),
    st.tuples(st.just("call"), st.sampled_from(["echo", "slow", "later", "crash", "leave"]), WHO),
    st.tuples(st.just("cast"), st.sampled_from(["echo", "slow", "later", "crash", "leave"]), WHO),
    st.tuples(st.just("impatient"), st.sampled_from(["echo", "slow", "later"]), WHO),
    st.tuples(st.just("stop"), st.none(), WHO),
    st.tuples(st.just("wait"), st.sampled_from([0.0, 0.2, 1.5])),
)


class Sea:
    """One nursery, and everything that was asked of it."""

    def __init__(self, nursery, tasks):
        self.nursery, self.tasks = nursery, tasks
        self.ledger = Ledger()
        self.refs, self.recorders = [], []
        self.asked = self.answered = 0

    async def start(self, restart):
        ref = await self.nursery.start(Sailor, self.ledger, len(self.refs) % 2, restart=restart)
        self.refs.append(ref)
        self.recorders.append(record_downs(ref))

    async def wait(self, seconds):
        await trio.sleep(seconds)

    async def call(self, message, who):
        self.tasks.start_soon(self._ask, message, self.refs[who % len(self.refs)])

    async def impatient(self, message, who):
        with trio.move_on_after(0.25):
            await self._ask(message, self.refs[who % len(self.refs)])

    async def _ask(self, message, ref):
        self.asked += 1
        number = self.asked
        try:
            assert await ref.call(getattr(Sailor, message), number) == number
        except (ValueError, ActorError):
            pass
        finally:
            self.answered += 1

    async def cast(self, message, who):
        try:
            with trio.move_on_after(0.25):
                await self.refs[who % len(self.refs)].cast(getattr(Sailor, message), None)
        except ActorStopped:
            pass

    async def stop(self, _, who):
        self.refs[who % len(self.refs)].stop_nowait()


async def _sail(strategy, max_restarts, orders):
    sea = None
    error = None
    async with trio.open_nursery() as tasks:
        try:
            async with open_actor_nursery(
                strategy=strategy, max_restarts=max_restarts, within=5, backoff=SOON
            ) as nursery:
                sea = Sea(nursery, tasks)
                await sea.start("permanent")
                for name, *arguments in orders:
                    await getattr(sea, name)(*arguments)
        except (ValueError, ActorError, ExceptionGroup) as caught:
            error = caught
    _check(sea, error, max_restarts)


def _check(sea, error, max_restarts):
    assert sea.ledger.up == {}, "every life that was ready had its stopping, once"
    assert sea.answered == sea.asked, "every call ends"
    assert sea.nursery.tree().actors == ()
    assert sea.nursery.tree().restarts <= max_restarts or max_restarts == 1000
    for ref, recorder in zip(sea.refs, sea.recorders, strict=True):
        status = ref.status()
        assert (status.state, status.mailbox_depth) == ("stopped", 0)
        lives = [down.life for down in recorder.downs]
        assert lives == list(range(1, len(lives) + 1)), "one notice for each life"
        assert all(not down.final for down in recorder.downs[:-1])
    if error is not None:
        several = isinstance(error, ExceptionGroup)
        # nothing but the crashes that were ordered, and one who returned too often
        for one in error.exceptions if several else [error]:
            assert isinstance(one, ValueError | TooManyRestarts), one


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.sampled_from(["one_for_one", "one_for_all", "rest_for_one"]),
    st.sampled_from([2, 1000]),
    st.lists(ORDERS, max_size=25),
)
def test_under_random_orders_every_call_ends_and_every_life_stops_once(strategy, max_restarts, orders):
    trio.run(_sail, strategy, max_restarts, orders, clock=trio.testing.MockClock(autojump_threshold=0))


# -- the mailbox against a model ------------------------------------------------------------------


@settings(max_examples=EXAMPLES * 3, deadline=None)
@given(st.integers(1, 3), st.lists(st.sampled_from(["put", "line up", "take", "withdraw", "close"]), max_size=60))
def test_a_mailbox_is_a_bounded_queue_with_a_line_outside(bound, orders):
    mailbox, model, sent = Mailbox(bound), [], []

    async def main():
        for order in orders:
            message = Message(_nothing, (), {})
            if order == "put" and not mailbox.closed:
                if len(model) >= bound:
                    with pytest.raises(trio.WouldBlock):
                        mailbox.put_nowait(message)
                else:
                    mailbox.put_nowait(message)
                    model.append(message)
                    sent.append(message)
            elif order == "line up" and not mailbox.closed:
                mailbox.put_or_queue_up(message)
                model.append(message)
                sent.append(message)
            elif order == "take":
                assert mailbox.take() is (model.pop(0) if model else None)
            elif order == "withdraw" and sent:
                victim = sent.pop(len(sent) // 2)
                mailbox.withdraw(victim)
                if victim in model:
                    model.remove(victim)
            elif order == "close":
                assert mailbox.close() == model
                model.clear()
            assert len(mailbox) == min(len(model), bound)

    trio.run(main)


async def _nothing():
    raise AssertionError("never run")
