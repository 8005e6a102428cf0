"""Whoever sends what could not leave at once is never among those who wait for it."""

import pytest
import trio
import trio.testing

from transport import Limits, Role
from transport._doors._unix import unix_link
from transport._link._guard import GuardedStream
from transport._link._stream_link import StreamLink


@pytest.mark.parametrize("others", [0, 1])
async def test_what_is_left_over_when_a_sign_of_life_waits_for_its_turn_leaves(others: int) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    begun, go_on = trio.Event(), trio.Event()

    pump = ours.send_stream.send_all_hook
    assert pump is not None

    async def slowly() -> None:
        begun.set()
        await go_on.wait()
        await pump()

    ours.send_stream.send_all_hook = slowly
    arrived: list[object] = []
    async with trio.open_nursery() as nursery:
        limits = Limits()
        link = unix_link(GuardedStream(ours, 10), Role.CLIENT, "ours", limits, nursery.start_soon)
        other = unix_link(GuardedStream(theirs, 10), Role.SERVER, "theirs", limits, nursery.start_soon)
        assert isinstance(link, StreamLink)

        async def send() -> None:
            await link.send(b"one")
            # In the very step in which it is free to send: this stream takes nothing at once.
            link.send_nowait(b"two")

        async def receive() -> None:
            while True:
                arrived.append(await other.receive())

        nursery.start_soon(send)
        await begun.wait()
        for _ in range(others):
            nursery.start_soon(link.send, b"three")
            await trio.testing.wait_all_tasks_blocked()
        link.ping()
        nursery.start_soon(receive)
        await trio.testing.wait_all_tasks_blocked()
        go_on.set()
        await trio.testing.wait_all_tasks_blocked()
        # Or a fault would never end: who is shielded waits for ever.
        link._sending, link._rest, link._signs = False, b"", {}
        link._free.unpark_all()
        nursery.cancel_scope.cancel()
    assert arrived == [b"one", b"two", b"three"][: 2 + others]
