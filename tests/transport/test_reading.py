"""A caller who asks again at once takes his answer from the link himself; nothing else is different."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from contextvars import ContextVar
from typing import Any

import pytest
import trio
import trio.testing
from peer_ends import Calculator, Ends

from transport import Frame, Limits, LinkLost, Peer, Service, memory_links, wire_method

OpenPair = Callable[[Limits], AbstractAsyncContextManager[Any]]

ASK: ContextVar[str] = ContextVar("ask", default="nobody")


@pytest.fixture
async def ends(nursery: trio.Nursery) -> Ends:
    return await Ends(nursery).start()


async def wait_alone(ends: Ends) -> None:
    """Ask twice in one turn, so that the second time the caller has the reading; it is never answered."""
    await ends.client.request("add", {"a": 1})
    await ends.client.request("wait", {})


async def test_who_asks_again_before_the_readers_turn_reads_for_himself(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    me, receive = trio.lowlevel.current_task(), ends.client_link.receive
    readers: list[str] = []

    async def noting() -> Frame:
        frame = await receive()
        readers.append("caller" if trio.lowlevel.current_task() is me else "reader")
        return frame

    # The reader is at the link already, and so the first answer is not noted.
    monkeypatch.setattr(ends.client_link, "receive", noting)
    for number in range(3):
        assert await ends.client.request("add", {"a": number}) == number + 1
    await trio.testing.wait_all_tasks_blocked()
    assert await ends.client.request("add", {"a": 7}) == 8
    assert readers == ["caller", "caller", "reader"]


async def test_whoever_reads_takes_what_is_for_others(ends: Ends) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait_alone, ends)
        await trio.testing.wait_all_tasks_blocked()
        assert await ends.client.request("tell", {"sizes": [3], "answer": 2}) == "rr"
        ends.server.notify("change", {"text": "later"})
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert [params["text"] for _, params in ends.notified] == ["ccc", "later"]


async def test_a_caller_who_is_cancelled_leaves_the_reading_to_the_reader(ends: Ends) -> None:
    for _ in range(3):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait_alone, ends)
            await trio.testing.wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
        assert await ends.client.request("add", {"a": 1}) == 2
    ends.server.notify("change", {"text": "still here"})
    await trio.testing.wait_all_tasks_blocked()
    assert [params["text"] for _, params in ends.notified] == ["still here"]
    assert ends.calculator.log == ["waiting", "left"] * 3


@pytest.mark.parametrize("end", ["close", "abort", "lose", "stop"])
async def test_no_end_leaves_a_caller_at_the_link(ends: Ends, end: str) -> None:
    why = {
        "close": "closed by this end",
        "abort": "enough",
        "lose": "the connection broke off",
        "stop": "this end stopped serving the connection",
    }

    async def ask() -> None:
        with pytest.raises(LinkLost, match=why[end]):
            await wait_alone(ends)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        await trio.testing.wait_all_tasks_blocked()
        if end == "close":
            ends.client.close()
        elif end == "abort":
            ends.client.abort("enough")
        elif end == "lose":
            ends.server.abort("gone")
        else:
            ends.client.hurry(0)
    await ends.over["client"].wait()


async def test_what_was_told_before_a_polite_end_arrives_though_a_caller_reads(open_pair: OpenPair) -> None:
    arrived: list[str] = []
    async with open_pair(Limits()) as pair:
        client = Peer(pair.client)
        server = Peer(pair.server, service=Service(Calculator()), on_notify=lambda method, _: arrived.append(method))

        async def serve() -> None:
            with pytest.raises(LinkLost):
                await server.run()

        async def ask_twice() -> None:
            with pytest.raises(LinkLost, match="closed by this end"):
                await client.request("add", {"a": 1})
                await client.request("wait", {})

        async with trio.open_nursery() as nursery:
            nursery.start_soon(client.run)
            nursery.start_soon(serve)
            nursery.start_soon(ask_twice)
            await trio.testing.wait_all_tasks_blocked(0.01)
            told = 0
            while pair.client.ready:
                client.notify("change", {"text": "x" * 30_000}, hurry=True)
                told += 1
            client.close()
    assert arrived == ["change"] * told


async def test_a_silent_server_is_given_up_while_a_caller_reads(
    ends: Ends, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ends.client_link, "ping", lambda: None)  # Nobody is asked, so nobody answers.
    with pytest.raises(LinkLost, match="nothing was heard"):
        await wait_alone(ends)


async def test_a_bug_that_a_caller_meets_is_the_connections_and_not_his() -> None:
    def stumble(method: str, params: Any) -> None:
        raise ZeroDivisionError

    client_link, server_link = memory_links()
    client, server = Peer(client_link, on_notify=stumble), Peer(server_link, service=Service(Silent()))

    async def ask() -> None:
        with pytest.raises(LinkLost, match="this end stopped serving the connection"):
            assert await client.request("answer", {}) == "yes"
            await client.request("keep_silent", {})

    async def run(peer: Peer, error: type[Exception]) -> None:
        with pytest.raises(error):
            await peer.run()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(run, client, ZeroDivisionError)
        nursery.start_soon(run, server, LinkLost)
        nursery.start_soon(ask)
        await trio.testing.wait_all_tasks_blocked()
        server.notify("stumble", {})
        await trio.testing.wait_all_tasks_blocked()
        await client_link.aclose()


async def test_a_task_that_begins_while_a_caller_reads_is_none_of_his(nursery: trio.Nursery) -> None:
    client_link, server_link = memory_links()
    client, server = Peer(client_link, service=Service(Silent())), Peer(server_link, service=Service(Silent()))

    async def run(peer: Peer) -> None:
        await peer.run()

    async def ask() -> None:
        ASK.set("the caller")
        assert await client.request("answer", {}) == "yes"
        await client.request("keep_silent", {})

    nursery.start_soon(run, client)
    nursery.start_soon(run, server)
    async with trio.open_nursery() as inner:
        inner.start_soon(ask)
        await trio.testing.wait_all_tasks_blocked()
        # With the first the connection gets a nursery for its tasks, in which the second begins.
        assert [await server.request("who_asks", {}) for _ in range(2)] == ["nobody", "nobody"]
        inner.cancel_scope.cancel()
    nursery.cancel_scope.cancel()


class Silent:
    @wire_method
    def answer(self) -> str:
        return "yes"

    @wire_method
    async def keep_silent(self) -> None:
        await trio.sleep_forever()

    @wire_method
    async def who_asks(self) -> str:
        return ASK.get()
