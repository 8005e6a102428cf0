"""How a door ends, and the sessions behind it: whatever ends it, every client is told, and nothing of one stays."""

from functools import partial
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from actors import SessionLost, open_graph, open_session, serve_unix, serve_websocket
from actors._graph._doors._hall import open_hall, serve_link
from actors._graph._session._session_actor import SessionActor
from actors._graph._wire._remote import session_over
from transport import Limits, memory_links

DOORS = {"websocket": lambda graph, folder: partial(serve_websocket, graph)}
DOORS["unix"] = lambda graph, folder: partial(serve_unix, graph, folder / "door" / "s")


async def expect_goodbye(url: str, token: str | None, opened: trio.Event) -> None:
    with pytest.raises(SessionLost, match="the server stopped"):
        async with open_session(url, name="client", token=token):
            opened.set()
            await trio.sleep_forever()


@pytest.mark.parametrize("kind", DOORS)
async def test_a_door_that_is_cancelled_says_goodbye_to_every_session(kind: str, tmp_path: Path) -> None:
    opened = [trio.Event() for _ in range(3)]
    with trio.fail_after(5):
        async with open_graph() as graph, trio.open_nursery() as nursery, trio.open_nursery() as doors:
            door = await doors.start(DOORS[kind](graph, tmp_path))
            for event in opened:
                nursery.start_soon(expect_goodbye, door.url, door.token, event)
            for event in opened:
                await event.wait()
            doors.cancel_scope.cancel()
            assert len(graph.sessions()) == 3
        assert graph.sessions() == ()


async def test_a_bug_in_one_session_ends_its_door_as_itself_and_the_others_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(actor: SessionActor) -> None:
        if actor._service.name == "the bug":
            raise ZeroDivisionError
        actor._service.begin(actor._spawn)

    monkeypatch.setattr(SessionActor, "started", broken)
    opened = trio.Event()

    async def meet_bug(url: str, token: str) -> None:
        with pytest.raises(SessionLost):
            async with open_session(url, name="the bug", token=token):
                pass

    async def serve(graph, *, task_status) -> None:
        with pytest.raises(ZeroDivisionError):
            await serve_websocket(graph, task_status=task_status)

    with trio.fail_after(5):
        async with open_graph() as graph, trio.open_nursery() as nursery:
            door = await nursery.start(serve, graph)
            nursery.start_soon(expect_goodbye, door.url, door.token, opened)
            await opened.wait()
            nursery.start_soon(meet_bug, door.url, door.token)


async def test_the_client_of_a_session_that_crashes_learns_it_at_once(autojump_clock: MockClock) -> None:
    ours, theirs = memory_links()

    async def crash() -> None:
        raise ZeroDivisionError

    async def serve() -> None:
        with pytest.raises(ZeroDivisionError):
            await serve_link(graph._supervisor, theirs)
        await theirs.aclose()

    async with open_graph() as graph, trio.open_nursery() as nursery:
        nursery.start_soon(serve)
        with pytest.raises(SessionLost):
            async with session_over(ours, "one", Limits()):
                began = trio.current_time()
                (member,) = graph._supervisor._members.values()
                member.start_soon(crash)
                await trio.sleep_forever()
        assert trio.current_time() == began


async def test_a_client_that_comes_while_the_door_closes_is_told_as_well(autojump_clock: MockClock) -> None:
    ours, theirs = memory_links()
    async with open_graph() as graph, open_hall(graph._supervisor) as hall, trio.open_nursery() as nursery:
        hall.say_goodbye()
        nursery.start_soon(hall.serve, theirs)
        with pytest.raises(SessionLost, match="the server stopped"):
            async with session_over(ours, "late", Limits()):
                await trio.sleep_forever()


async def test_a_session_s_actor_and_its_tasks_end_with_the_link(autojump_clock: MockClock) -> None:
    async with open_graph() as graph, open_hall(graph._supervisor) as hall, trio.open_nursery() as nursery:
        await wait_all_tasks_blocked()
        idle = trio.lowlevel.current_statistics().tasks_living
        for _ in range(3):
            ours, theirs = memory_links()
            nursery.start_soon(hall.serve, theirs)
            async with session_over(ours, "one", Limits()) as session, session.watch() as changes:
                await anext(changes)
                (actor,) = hall._actors.tree().actors
                assert actor.name == f"session one {session.id}"
            await theirs.aclose()
            await wait_all_tasks_blocked()
            assert hall._actors.tree().actors == ()
            assert trio.lowlevel.current_statistics().tasks_living == idle
