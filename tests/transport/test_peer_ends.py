"""How connections end: politely, by loss, by a bug, by cancellation; nobody goes on waiting."""

from typing import Any

import pytest
import trio
import trio.testing
from peer_ends import Calculator, Ends

from transport import (
    Frame,
    LinkLost,
    Peer,
    Service,
    memory_links,
)


@pytest.fixture(params=["msgpack", "json"])
async def ends(request: pytest.FixtureRequest, nursery: trio.Nursery) -> Ends:
    return await Ends(nursery, json=request.param == "json").start()


async def test_a_lost_link_fails_every_request_at_once(ends: Ends) -> None:
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(expect_lost, ends.client)
        await trio.testing.wait_all_tasks_blocked()
        ends.server.abort("pulled the plug")
    with pytest.raises(LinkLost):
        await ends.client.request("add", {"a": 1})
    with pytest.raises(LinkLost):
        ends.client.notify("note", {"text": "?"})
    with pytest.raises(LinkLost):
        await ends.client.wait_room()
    await ends.over["client"].wait()
    assert ends.calculator.log == ["waiting"] * 3 + ["left"] * 3
    assert ends.lost == {"client": "the connection broke off", "server": "pulled the plug"}


async def test_a_request_on_a_connection_that_a_cancellation_ended_is_cancelled_too(ends: Ends) -> None:
    with trio.CancelScope() as scope:
        scope.cancel()
        ends.client.abort("cancelled first")
        await ends.client.request("add", {"a": 1})
    assert scope.cancelled_caught
    await ends.over["client"].wait()


async def expect_lost(peer: Peer) -> None:
    with pytest.raises(LinkLost, match="the connection broke off"):
        await peer.request("wait", {})


async def test_closing_sends_what_waits_and_only_the_other_end_calls_it_a_loss(ends: Ends) -> None:
    ends.client.notify("note", {"text": "bye"})
    ends.client.close()
    with pytest.raises(LinkLost, match="this end has closed it"):
        ends.client.notify("note", {"text": "too late"})
    await trio.testing.wait_all_tasks_blocked()
    await ends.client_link.aclose()
    await trio.testing.wait_all_tasks_blocked()
    assert ends.lost == {"server": "the peer closed the connection"}
    assert ends.calculator.log == ["bye"]


async def test_closing_fails_what_is_in_flight(ends: Ends) -> None:
    async def ask() -> None:
        with pytest.raises(LinkLost, match="closed by this end"):
            await ends.client.request("wait", {})

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        await trio.testing.wait_all_tasks_blocked()
        ends.client.close()


@pytest.mark.parametrize("hurry", [(), (0.25,), (0.25, 100)])
async def test_closing_does_not_wait_for_a_peer_that_takes_nothing(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock, hurry: tuple[float, ...]
) -> None:
    ends = await Ends(nursery).start("client")
    for _ in range(40):
        ends.client.notify("note", {"text": "x" * 100_000})
    started = trio.current_time()
    ends.client.close()
    for seconds in hurry:
        ends.client.hurry(seconds)
    await ends.over["client"].wait()
    assert trio.current_time() - started == min(ends.client.limits.close_seconds, *hurry, 100)


async def test_a_request_can_be_the_last_and_closes_its_own_end_with_the_answer(ends: Ends) -> None:
    async def ask(method: str) -> None:
        with pytest.raises(LinkLost, match="closed by this end"):
            await ends.client.request(method, {})

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask, "wait")
        await trio.testing.wait_all_tasks_blocked()
        assert await ends.client.take_leave("add", {"a": 1}, int) == 2
    await ends.over["client"].wait()
    with pytest.raises(LinkLost, match="closed by this end"):
        ends.client.notify("note", {"text": "too late"})
    assert ends.lost == {}


async def test_of_many_that_leave_in_one_turn_each_is_answered_before_the_first_is_seen_off(
    nursery: trio.Nursery,
) -> None:
    crowd = [await Ends(nursery).start("client") for _ in range(5)]
    order: list[str] = []

    async def serve(ends: Ends) -> None:
        await ends.server.run()
        order.append("seen off")

    for ends in crowd:
        ends.calculator.log = order
        nursery.start_soon(serve, ends)
    await trio.testing.wait_all_tasks_blocked()
    for ends in crowd:
        nursery.start_soon(ends.client.request, "part", {})
    await trio.testing.wait_all_tasks_blocked()
    assert order == ["leaving"] * 5 + ["seen off"] * 5


async def test_leave_is_taken_in_spite_of_a_cancellation(ends: Ends) -> None:
    answers: list[int] = []
    with trio.CancelScope() as scope:
        scope.cancel()
        answers.append(await ends.client.take_leave("add", {"a": 1}, int))
        await trio.lowlevel.checkpoint()
    assert scope.cancelled_caught
    assert answers == [2]
    await ends.over["client"].wait()


async def test_leave_of_a_mute_peer_takes_no_longer_than_a_close(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    ends = await Ends(nursery).start("client")
    started = trio.current_time()
    with pytest.raises(LinkLost):
        await ends.client.take_leave("add", {"a": 1})
    assert trio.current_time() - started == ends.client.limits.close_seconds
    await ends.over["client"].wait()


async def test_leave_that_was_taken_on_a_broken_link_is_an_error_of_the_link(ends: Ends) -> None:
    ends.server.abort("pulled the plug")
    with pytest.raises(LinkLost):
        await ends.client.take_leave("add", {"a": 1})
    await ends.over["client"].wait()
    with pytest.raises(LinkLost):
        await ends.client.take_leave("add", {"a": 1})


async def test_what_began_in_the_turn_that_ended_the_connection_ends_with_it(
    nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    def all_in_one_turn(link: Any) -> Frame | None:
        return link._incoming.frames.popleft() if link._incoming.frames else None

    ends = await Ends(nursery).start("client")
    answers: list[str] = []

    async def ask(method: str) -> None:
        try:
            answers.append(await ends.client.request(method, {}))
        except LinkLost:
            answers.append("lost")

    nursery.start_soon(ask, "wait")
    await trio.testing.wait_all_tasks_blocked()
    nursery.start_soon(ask, "part")
    await trio.testing.wait_all_tasks_blocked()
    monkeypatch.setattr(type(ends.server_link), "receive_nowait", all_in_one_turn)
    await ends.start("server")
    await ends.over["server"].wait()
    assert sorted(ends.calculator.log) == ["leaving", "left", "waiting"]
    await ends.server_link.aclose()
    await ends.over["client"].wait()
    assert sorted(answers) == ["farewell", "lost"]


async def test_a_method_can_make_its_answer_the_last_word(ends: Ends) -> None:
    assert await ends.client.request("part", {}) == "farewell"
    await ends.over["server"].wait()
    with pytest.raises(LinkLost, match="closed by this end"):
        ends.server.notify("note", {"text": "too late"})
    assert ends.lost == {}


async def test_a_task_of_the_connection_ends_with_it_and_none_begins_later(ends: Ends) -> None:
    log: list[str] = []

    async def task(name: str) -> None:
        log.append(name)
        try:
            await trio.sleep_forever()
        finally:
            log.append(f"end of {name}")

    ends.client.start_soon(task, "one")
    await trio.testing.wait_all_tasks_blocked()
    ends.client.close()
    await ends.over["client"].wait()
    ends.client.start_soon(task, "two")
    await trio.testing.wait_all_tasks_blocked()
    assert log == ["one", "end of one"]


@pytest.mark.parametrize("method", ["add", "add_later"])
async def test_a_shielded_end_serves_on_when_it_is_cancelled_until_it_closes(
    method: str, autojump_clock: trio.testing.MockClock
) -> None:
    ours, theirs = memory_links()
    client, server = Peer(ours), Peer(theirs, service=Service(Calculator()))
    answers: list[int] = []

    async def ask_and_end() -> None:
        with trio.move_on_after(5):
            answers.append(await client.request(method, {"a": 1, "b": 2}, int))
        server.close()

    async with trio.open_nursery() as nursery:
        await nursery.start(client.run)
        with trio.CancelScope() as around:
            around.cancel()
            nursery.start_soon(ask_and_end)
            await server.run(shielded=True)
        assert not around.cancelled_caught
        nursery.cancel_scope.cancel()
    assert answers == [3]


async def test_tasks_that_are_asked_for_together_or_early_all_begin(ends: Ends) -> None:
    begun: list[int] = []

    async def task(number: int) -> None:
        begun.append(number)
        if number < 10:
            ends.client.start_soon(task, number + 10)
        await trio.sleep_forever()

    for number in range(3):
        ends.client.start_soon(task, number)
    await trio.testing.wait_all_tasks_blocked()
    assert sorted(begun) == [0, 1, 2, 10, 11, 12]


async def test_what_was_asked_before_a_connection_is_served_leaves_when_it_is(
    nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = await Ends(nursery).start("server")
    # Nothing leaves at once, so that it takes a task to send it.
    monkeypatch.setattr(type(ends.client_link), "ready", False)
    answers: list[int] = []

    async def ask() -> None:
        answers.append(await ends.client.request("add", {"a": 1}, int))

    nursery.start_soon(ask)
    await trio.testing.wait_all_tasks_blocked()
    await ends.start("client")
    await trio.testing.wait_all_tasks_blocked()
    assert answers == [2]


async def test_whoever_writes_is_there_only_while_something_waits(ends: Ends) -> None:
    # The first one begins a step later: until then there is no nursery for it.
    ends.client.notify("note", {"text": "."})
    await trio.testing.wait_all_tasks_blocked()
    idle = trio.lowlevel.current_statistics().tasks_living
    for _ in range(3):
        ends.client.notify("note", {"text": "."})
        assert trio.lowlevel.current_statistics().tasks_living == idle + 1
        ends.client.notify("note", {"text": "."})
        assert trio.lowlevel.current_statistics().tasks_living == idle + 1
        await trio.testing.wait_all_tasks_blocked()
        assert trio.lowlevel.current_statistics().tasks_living == idle
    assert ends.calculator.log == ["."] * 7


@pytest.mark.parametrize("shielded", [False, True])
@pytest.mark.parametrize("method", ["crash", "crash_later"])
async def test_a_bug_in_a_method_leaves_run_as_itself(method: str, shielded: bool) -> None:
    client_link, server_link = memory_links()
    client, server = Peer(client_link), Peer(server_link, service=Service(Calculator()))

    async def ask() -> None:
        with pytest.raises(LinkLost):
            await client.request(method, {})

    async def serve() -> None:
        with pytest.raises(ZeroDivisionError):
            await server.run(shielded=shielded)
        left.set()

    left = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve)
        nursery.start_soon(ask)
        await nursery.start(run_to_loss, client)
        await trio.testing.wait_all_tasks_blocked()
        at_once = left.is_set()
        await server_link.aclose()
    assert at_once


async def run_to_loss(peer: Peer, *, task_status: trio.TaskStatus[None]) -> None:
    with pytest.raises(LinkLost):
        await peer.run(task_status=task_status)


async def test_cancelling_run_fails_what_is_in_flight(nursery: trio.Nursery) -> None:
    ends = await Ends(nursery).start("server")

    async def ask() -> None:
        with pytest.raises(LinkLost, match="this end stopped"):
            await ends.client.request("wait", {})

    async with trio.open_nursery() as inner:
        inner.start_soon(ask)
        with trio.move_on_after(0.01):
            await ends.client.run()
    assert "stopped" in repr(ends.client)
