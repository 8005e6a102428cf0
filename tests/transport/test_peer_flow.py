"""Order and bounds: what leaves before what, and how much may wait."""

import socket

import pytest
import trio
import trio.testing
from peer_ends import Ends

from transport import (
    LimitExceeded,
    Limits,
    LinkLost,
    Peer,
    Role,
    inherited_link,
    memory_links,
)
from transport._documents._codec import MSGPACK
from transport._peer._sender import Sender


@pytest.fixture(params=["msgpack", "json"])
async def ends(request: pytest.FixtureRequest, nursery: trio.Nursery) -> Ends:
    return await Ends(nursery, json=request.param == "json").start()


@pytest.mark.parametrize("change", [10, 300_000])
@pytest.mark.parametrize("answer", [10, 300_000])
async def test_what_was_told_before_a_reply_arrives_before_it(ends: Ends, change: int, answer: int) -> None:
    result = await ends.client.request("tell", {"sizes": [change, 5, change], "answer": answer}, str)
    assert len(result) == answer
    assert [len(params["text"]) for _, params in ends.notified] == [change, 5, change]


async def test_messages_delay_no_reply(nursery: trio.Nursery) -> None:
    ends = await Ends(nursery).start()
    await ends.client.request("pour", {"count": 1000})
    seen = len(ends.notified)
    assert await ends.client.request("add", {"a": 1}, int) == 2
    assert len(ends.notified) - seen < 100
    await trio.testing.wait_all_tasks_blocked()
    assert [params["number"] for _, params in ends.notified] == list(range(1000))


async def test_a_large_value_crosses_in_fragments_both_ways(ends: Ends) -> None:
    text = 'é"\\' * 700_000
    assert await ends.client.request("repeat", {"text": text}, str) == text


async def test_of_what_is_large_only_a_little_leaves_in_the_step_that_sends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    link, _ = memory_links()
    written: list[object] = []
    monkeypatch.setattr(type(link), "ready", True)  # As a socket of this host is, for megabytes.
    monkeypatch.setattr(type(link), "send_nowait", lambda _, *frames: written.extend(frames))
    sender = Sender(link, Limits(), MSGPACK)
    writers: list[str] = []
    sender.open(lambda: writers.append("the rest"))
    sender.put({"text": "x" * 8_000_000}, ordered=False, hurry=True)
    assert 1 <= len(written) <= 4
    assert writers == ["the rest"]


async def test_small_requests_overtake_a_large_transfer(ends: Ends) -> None:
    order: list[str] = []

    async def ask(name: str, text: str) -> None:
        await ends.client.request("repeat", {"text": text})
        order.append(name)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask, "large", "x" * 8_000_000)
        nursery.start_soon(ask, "small", "x")
    assert order == ["small", "large"]


async def test_too_much_to_tell_is_refused_and_there_is_room_again_when_it_has_left(
    nursery: trio.Nursery,
) -> None:
    ends = Ends(nursery, limits=Limits(outbox_bytes=100_000))
    with pytest.raises(LimitExceeded) as caught:
        for _ in range(1000):
            ends.client.notify("note", {"text": "x" * 10_000})
    assert caught.value.name == "outbox_bytes"
    told = len(ends.client._sender)
    assert told == 10
    ends.client.notify("note", {"text": "a message"}, bulk=True)
    await ends.start()
    with trio.fail_after(1):
        await ends.client.wait_room()
    ends.client.notify("note", {"text": "again"})
    assert await ends.client.request("add", {"a": 1}, int) == 2
    await trio.testing.wait_all_tasks_blocked()
    assert len(ends.calculator.log) == told + 2


async def test_what_is_told_in_a_hurry_has_left_with_all_before_it_when_nobody_else_has_run(
    nursery: trio.Nursery,
) -> None:
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    with theirs:
        async with inherited_link(ours, Role.CLIENT, peer="raw") as link:
            peer = Peer(link)
            await nursery.start(peer.run)
            await trio.testing.wait_all_tasks_blocked()
            peer.notify("note", {"text": "first"})
            with pytest.raises(BlockingIOError):
                theirs.recv(1000)
            peer.notify("note", {"text": "second"}, bulk=True, hurry=True)
            left = theirs.recv(1000)
            assert 0 < left.index(b"first") < left.index(b"second")
            peer.close()


async def test_messages_of_a_step_leave_behind_all_else_that_is_said_in_it(nursery: trio.Nursery) -> None:
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    with theirs:
        async with inherited_link(ours, Role.CLIENT, peer="raw") as link:
            peer = Peer(link)
            await nursery.start(peer.run)
            peer._sender.hold()
            peer.notify("note", {"text": "a message"}, bulk=True, hurry=True)
            peer.notify("note", {"text": "an answer"}, hurry=True)
            peer._sender.release()
            await trio.testing.wait_all_tasks_blocked()
            left = theirs.recv(1000)
            assert 0 < left.index(b"an answer") < left.index(b"a message")
            peer.close()


async def test_whoever_waits_for_room_is_told_of_the_end(nursery: trio.Nursery) -> None:
    ends = await Ends(nursery, limits=Limits(outbox_bytes=1000)).start("client")
    for _ in range(17):
        ends.client.notify("note", {"text": "x" * 1000})
        await trio.testing.wait_all_tasks_blocked()
    ends.client.notify("note", {"text": "x" * 1000})

    async def wait() -> None:
        with pytest.raises(LinkLost, match="enough"):
            await ends.client.wait_room()

    async with trio.open_nursery() as inner:
        inner.start_soon(wait)
        await trio.testing.wait_all_tasks_blocked()
        ends.client.abort("enough")


async def test_only_so_many_requests_may_wait_at_once(nursery: trio.Nursery) -> None:
    ends = await Ends(nursery, limits=Limits(requests_in_flight=3)).start()
    async with trio.open_nursery() as asking:
        for _ in range(3):
            asking.start_soon(ends.client.request, "wait", {})
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(LimitExceeded) as caught:
            await ends.client.request("wait", {})
        assert caught.value.args == ("requests_in_flight", 3)
        assert await ends.client.request("add", {"a": 1}, int) == 2
        asking.cancel_scope.cancel()
    with trio.move_on_after(0.01) as scope:
        await ends.client.request("wait", {})
    assert scope.cancelled_caught


async def test_what_waits_may_take_only_so_much_room(nursery: trio.Nursery) -> None:
    ends = await Ends(nursery, limits=Limits(waiting_bytes=1000)).start()
    large = {"text": "x" * 600}
    async with trio.open_nursery() as asking:
        asking.start_soon(ends.client.request, "note_later", large)
        ends.client.notify("note_later", large)
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(LimitExceeded) as caught:
            await ends.client.request("note_later", {"text": ""})
        assert caught.value.args == ("waiting_bytes", 1000)
        ends.client.notify("note_later", large)
        assert await ends.client.request("add", {"a": 1}, int) == 2
    await ends.client.request("note_later", large)
    assert ends.calculator.log == [large["text"]] * 3


async def test_a_document_above_the_limit_never_leaves(nursery: trio.Nursery) -> None:
    limits = Limits(client_document_bytes=300_000, server_document_bytes=400_000)
    ends = await Ends(nursery, limits=limits).start()
    with pytest.raises(LimitExceeded) as caught:
        await ends.client.request("repeat", {"text": "x" * 300_000})
    assert caught.value.name == "client_document_bytes"
    assert len(ends.client._calls) == 0
    with pytest.raises(LimitExceeded) as caught:
        await ends.client.request("tell", {"sizes": [], "answer": 400_000})
    assert caught.value.args == ("server_document_bytes", 400_000)
    assert await ends.client.request("add", {"a": 1}, int) == 2
