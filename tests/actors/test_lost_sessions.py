"""What a client makes of a link that fails it: its own end in time, and nothing that stays; and whose error wins."""

from contextlib import asynccontextmanager

import attrs
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from actors import SessionLost, SessionReleased, open_graph, open_session
from actors._graph._doors._hall import serve_link
from actors._graph._wire._remote import session_over
from transport import Frame, Limits, Link, memory_links

LIMITS = Limits(heartbeat_interval=5, heartbeat_timeout=3, close_seconds=1)


class Faulty(Link):
    """A client's end of a link that fails when it is told to."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._silent_since: float | None = None
        self.stuck = False
        """Nothing leaves any more."""

    peer = property(lambda self: self._link.peer)
    role = property(lambda self: self._link.role)

    @property
    def last_heard(self) -> float:
        return self._link.last_heard if self._silent_since is None else self._silent_since

    def fall_silent(self) -> None:
        """Nothing seems to come any more."""
        self._silent_since = trio.current_time()

    def ping(self) -> None:
        self._link.ping()

    async def send(self, *frames: Frame) -> None:
        if self.stuck:
            await trio.sleep_forever()
        await self._link.send(*frames)

    async def receive(self) -> Frame:
        return await self._link.receive()

    async def aclose(self, reason: str = "closed") -> None:
        await self._link.aclose(reason)

    def abort(self, reason: str) -> None:
        self._link.abort(reason)


@asynccontextmanager
async def served():
    """A graph, and the client's end of a link to it."""
    ours, theirs = memory_links(limits=LIMITS)
    # By the mock clock: one that is never lost fails at once.
    with trio.fail_after(1000):
        async with open_graph(limits=LIMITS) as graph, trio.open_nursery() as nursery:
            nursery.start_soon(serve_link, graph._supervisor, theirs)
            yield graph, Faulty(ours)


async def test_a_client_whose_server_falls_silent_ends_by_itself_in_time_and_not_before(autojump_clock):
    async with served() as (_, link):
        with pytest.raises(SessionLost, match="nothing was heard for 3 s after a ping"):
            async with session_over(link, "one", LIMITS):
                await trio.sleep(2)
                link.fall_silent()
                began = trio.current_time()
                await trio.sleep_forever()
        bound = LIMITS.heartbeat_interval + LIMITS.heartbeat_timeout
        assert LIMITS.heartbeat_timeout <= trio.current_time() - began <= bound + 0.1


@pytest.mark.parametrize("leaving", ["a scope", "a pause", "an endpoint"])
async def test_what_cannot_be_let_go_of_in_time_ends_the_session_so_that_nothing_can_stay(leaving, autojump_clock):
    async with served() as (graph, link):
        began = None
        with pytest.raises(SessionLost, match="was not answered in time"):
            async with session_over(link, "one", LIMITS) as one:
                block = {
                    "a scope": lambda: one.scope("s"),
                    "a pause": one.paused,
                    "an endpoint": lambda: one.subscriber("A"),
                }[leaving]
                async with block() as held:
                    await (held if leaving == "a scope" else one).connect("A", "B")
                    link.stuck = True
                    began = trio.current_time()
                assert trio.current_time() - began == pytest.approx(LIMITS.close_seconds)
                await trio.sleep_forever()
        while graph.sessions():
            await trio.lowlevel.checkpoint()
        assert graph.snapshot().graph == {}
        assert not graph._supervisor.router.paused
        assert graph._supervisor.router.route("A").inboxes == ()


@pytest.mark.parametrize("leaving", ["a scope", "a watch"])
async def test_what_there_is_no_room_to_let_go_of_ends_the_session_too(leaving, autojump_clock):
    async with served() as (graph, link):
        with pytest.raises(SessionLost, match=r"(close_scope|unwatch) failed: "):
            async with session_over(link, "one", attrs.evolve(LIMITS, outbox_bytes=1000)) as one:
                async with trio.open_nursery() as nursery:
                    async with one.scope("s") if leaving == "a scope" else one.watch():
                        link.stuck = True
                        for _ in range(2):  # one that is being sent, and one that waits
                            nursery.start_soon(one.connect, "A" * 1000, "B" * 1000)
                            await wait_all_tasks_blocked()
                    await trio.sleep_forever()
        while graph.sessions():
            await trio.lowlevel.checkpoint()


async def test_a_loss_that_calls_in_flight_learn_of_first_leaves_as_itself(autojump_clock):
    async with served() as (_, link):
        with pytest.raises(SessionLost, match="torn"):
            async with session_over(link, "one", LIMITS) as one, trio.open_nursery() as nursery:
                link.stuck = True
                for number in range(3):
                    nursery.start_soon(one.connect, "A", f"B{number}")
                await wait_all_tasks_blocked()
                link.abort("torn")


async def test_an_exception_of_the_body_wins_over_its_sessions_end_which_is_its_context(house):
    async with house.join("operator") as operator:
        with pytest.raises(ValueError, match="mine") as caught:
            async with house.join("victim") as victim:
                await operator.release("victim")
                try:
                    await trio.sleep_forever()
                finally:
                    raise ValueError("mine")
        assert isinstance(caught.value.__context__, SessionReleased)
        assert caught.value.__context__.by == "operator"
        assert victim.id not in house.graph.snapshot().sessions


@pytest.mark.parametrize(
    ("how", "reason"), [("returned", "closed"), ("raised", "its body raised ValueError"), ("cancelled", "cancelled")]
)
async def test_the_end_event_says_how_a_body_in_this_process_ended(how, reason):
    async with open_graph() as graph, open_session(graph, name="watcher") as watcher:
        before = graph.snapshot()
        with trio.CancelScope() as scope:
            try:
                async with open_session(graph, name="one"):
                    if how == "raised":
                        raise ValueError
                    if how == "cancelled":
                        scope.cancel()
                        await trio.sleep_forever()
            except ValueError:
                pass
        async with watcher.watch(before) as changes:
            _, change = await changes.receive(), await changes.receive()
        assert [(entry.name, entry.reason) for entry in change.ended] == [("one", reason)]
        assert change.by_name == "one"
