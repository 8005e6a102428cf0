"""Small messages from wire to wire are handed over many at a time: that changes what it costs, and nothing else."""

import random

import msgspec
import pytest

from actors._data import Form, Inflow, MessageRefused, Outlet, Router, Tally, Unfit

WINDOW, MOST_DECODED = 64, 2**22
GOOD = [1, "text", b"x" * 100, b"x" * 3_000, b"x" * 5_000, {"nested": [list(range(9))] * 20}]
BAD = msgspec.Raw(b"\x91" * 600 + b"\xc0")
"""Nested too deeply for who would read it."""


class Hall:
    """A publisher across a wire, and three subscribers across others; *together* says how messages are handed over."""

    def __init__(self, form, dice, *, together):
        self.router = Router(lambda topic: ["B"])
        self.told = []
        self.outlets = []
        for number in range(3):
            bounds = (dice.choice([1, 3, 32]), dice.random() < 0.3, Tally(dice.choice([500, 9_000, 2**20])))
            tell = (lambda source, now: None, lambda reason, number=number: self.told.append((number, reason)))
            outlet = Outlet(number, form, b"".join, *bounds, *tell)
            self.outlets.append(outlet)
            self.router.attach("AB"[number % 2], outlet)
        grant = lambda count, hurry: self.told.append((count, hurry))  # noqa: E731 - to be told in order with the rest
        self.inflow = Inflow(self.router, "A", form, WINDOW, MOST_DECODED, Tally(30_000), grant)
        self.inflow._passes_small = self.inflow._passes_small and together

    def offer(self, messages):
        try:
            self.inflow.offer(messages)
        except (MessageRefused, Unfit) as error:
            self.told.append(str(error))

    def look_again(self):
        try:
            self.inflow._hand_over()
        except MessageRefused as error:
            self.told.append(str(error))

    def take(self, number, count):
        """Let so many messages leave for one subscriber, and be taken by it."""
        outlet = self.outlets[number]
        taken = outlet.batch(count * 1_000)
        self.told.append(taken)
        if taken:
            outlet.granted(len(taken))

    def state(self):
        tallies = [outlet._tally.held for outlet in self.outlets]
        queues = [(list(outlet._queue), outlet.on_way, outlet.put_count, outlet.dropped) for outlet in self.outlets]
        inflow = self.inflow
        return tallies, queues, list(inflow._queue), inflow._tally.held, inflow.sent, inflow._owed, self.told


@pytest.mark.parametrize("form", [Form.MSGPACK, Form.PICKLE])
@pytest.mark.parametrize("seed", range(40))
def test_many_that_are_handed_over_together_are_handed_over_as_one_by_one(form, seed):
    together, singly = (Hall(form, random.Random(seed), together=together) for together in (True, False))
    dice = random.Random(seed)
    for _ in range(60):
        kinds = [*GOOD, BAD] if dice.random() < 0.05 else GOOD
        messages = [msgspec.msgpack.encode(dice.choice(kinds)) for _ in range(dice.choice([0, 1, 5, 40]))]
        number, count = dice.randrange(3), dice.randrange(1, 9)
        for hall in (together, singly):
            hall.offer(messages)
            hall.take(number, count)
            hall.look_again()
        assert together.state() == singly.state()
    assert together.inflow.sent


def test_a_subscriber_without_room_for_many_is_given_as_many_as_it_has_room_for():
    sent = []
    router = Router(lambda topic: [])
    outlets = [
        Outlet(n, Form.MSGPACK, b"".join, size, False, Tally(2**20), lambda *_: None, sent.append)
        for n, size in enumerate((5, 32))
    ]
    for outlet in outlets:
        router.attach("A", outlet)
    inflow = Inflow(router, "A", Form.MSGPACK, WINDOW, MOST_DECODED, Tally(2**20), lambda *_: None)
    inflow.offer([b"\x01"] * 30)
    assert [len(outlet) for outlet in outlets] == [5, 5]
    assert inflow.statistics().queued == 25
