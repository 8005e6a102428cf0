"""The endings matrix: whatever a session was in the midst of, and however it ends, it ends once and leaves nothing.

The library's own endings (return, raise, cancelled) run in process and over a link in memory; a goodbye, a close, FIN,
RST and SIGKILL are those of a real process on a real socket; silence runs by a mock clock, to the millisecond.
"""

import json
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import pytest
import trio
import trio.testing
from campaign_clients import ClientProcess, client_process
from campaign_house import FULL, House, Idle, idle_of, look, memory_house, settle, websocket_house
from wire_client import AWAITED, STEPS, request

from actors import Session, SessionError, SettingsRefused
from graphmeta import Change, GraphMetadata, UnitMetadata
from transport import Frame, Limits, Link, LinkClosed

BOUND = 0.1
"""Seconds from a real end to the release; asserted where a campaign has the machine to itself."""


def unit(address: str) -> GraphMetadata:
    return GraphMetadata(units={address: UnitMetadata(address, address.rpartition("/")[2], "t.U")})


async def never(address: str, values: object) -> None:
    await trio.sleep_forever()


class Company:
    """Those who are there beside the session that ends: a watcher, a unit that never answers, a full subscriber."""

    def __init__(self, house: House, session: Session) -> None:
        self.house = house
        self.session = session
        self.changes: list[tuple[float, Change]] = []
        self.idle: Idle

    @classmethod
    @asynccontextmanager
    async def of(cls, house: House) -> AsyncIterator["Company"]:
        async with AsyncExitStack() as stack:
            local = await stack.enter_async_context(house.local("company"))
            company = cls(house, local)
            await local.register_metadata(unit("SYS/SLOW"))
            local._take_settings(never)
            await stack.enter_async_context(local.subscriber("FULL", max_queue=1))
            publisher = await stack.enter_async_context(local.publisher("FULL"))
            await publisher.send("what nobody takes")
            nursery = await stack.enter_async_context(trio.open_nursery())
            await nursery.start(company._watch)
            await trio.testing.wait_all_tasks_blocked(0.01)
            company.idle = idle_of(house.graph)
            yield company
            nursery.cancel_scope.cancel()

    async def _watch(self, task_status: trio.TaskStatus[None]) -> None:
        async with self.session.watch(self.house.graph.snapshot()) as changes:
            task_status.started()
            async for change in changes:
                assert isinstance(change, Change)
                self.changes.append((trio.current_time(), change))

    async def operator(self) -> None:
        """Asks the session that ends, and must hear of its end."""
        with pytest.raises(SettingsRefused):
            await self.session.update_setting("SYS/MINE", "a", 1)

    async def wait_released(self, *, sessions: int, edges: bool) -> float:
        """Wait until everything is as it was; returns when the end came."""
        await settle(self.house.graph, self.idle)
        ends = [(at, change) for at, change in self.changes if change.ended]
        assert [len(change.ended) for _, change in ends] == [1] * sessions
        assert [len(change.started) for _, change in self.changes if change.started] == [1] * sessions
        if not sessions:
            return trio.current_time()
        at, end = ends[0]
        assert self.changes[-1][1] is end
        held = sum(len(change.edges_added) for _, change in self.changes)
        assert len(end.edges_removed) == held
        assert bool(held) is edges
        self.changes.clear()
        return at


# -- the library's own endings -----------------------------------------------------------------------------------


async def in_flight(call: Callable[[], Awaitable[object]], nursery: trio.Nursery) -> None:
    """A call of another task than the session's own: it ends with the session, by an error of ours."""

    async def run() -> None:
        with pytest.raises(SessionError):
            await call()

    nursery.start_soon(run)
    await trio.testing.wait_all_tasks_blocked()


async def opened(session: Session, stack: AsyncExitStack, company: Company, others: trio.Nursery) -> None:
    await session.sessions()


async def edges(session: Session, stack: AsyncExitStack, company: Company, others: trio.Nursery) -> None:
    await session.connect_many([("A", f"B{n}") for n in range(50)])


async def scope(session: Session, stack: AsyncExitStack, company: Company, others: trio.Nursery) -> None:
    inner = await stack.enter_async_context(session.scope("s"))
    await inner.connect("A", "B")


async def watch(session: Session, stack: AsyncExitStack, company: Company, others: trio.Nursery) -> None:
    await stack.enter_async_context(session.watch())
    await edges(session, stack, company, others)


async def sync_in_flight(session: Session, stack: AsyncExitStack, company: Company, others: trio.Nursery) -> None:
    await edges(session, stack, company, others)
    await in_flight(session.sync, others)


async def asking(session: Session, stack: AsyncExitStack, company: Company, others: trio.Nursery) -> None:
    await edges(session, stack, company, others)
    await in_flight(lambda: session.update_setting("SYS/SLOW", "a", 1), others)


async def asked(session: Session, stack: AsyncExitStack, company: Company, others: trio.Nursery) -> None:
    await edges(session, stack, company, others)
    await session.register_metadata(unit("SYS/MINE"))
    session._take_settings(never)
    others.start_soon(company.operator)
    await trio.testing.wait_all_tasks_blocked()


BODIES = {
    "opened": opened,
    "edges": edges,
    "scope": scope,
    "watch": watch,
    "request": sync_in_flight,
    "asking": asking,
    "asked": asked,
}


@pytest.mark.parametrize("ending", ["return", "raise", "cancel"])
@pytest.mark.parametrize("step", BODIES)
async def test_however_a_body_ends_its_session_ends_once_and_leaves_nothing(
    house: House, step: str, ending: str
) -> None:
    async with Company.of(house) as company, trio.open_nursery() as others:
        with trio.CancelScope() as cancelled, suppress(KeyError):
            async with house.join("mortal") as session, AsyncExitStack() as stack:
                await BODIES[step](session, stack, company, others)
                if ending == "raise":
                    raise KeyError(ending)
                if ending == "cancel":
                    cancelled.cancel()
                    await trio.sleep_forever()
        assert cancelled.cancelled_caught is (ending == "cancel")
        # No waiting for it: after the block, it is gone.
        assert "mortal" not in [info.name for info in house.graph.sessions()]
        with trio.fail_after(5):
            while len(others.child_tasks):
                await trio.testing.wait_all_tasks_blocked()
        last = company.changes[-1][1]
        assert [entry.name for entry in last.ended] == ["mortal"]
        await settle(house.graph, company.idle)


# -- a process on a socket ---------------------------------------------------------------------------------------


async def kill(client: ClientProcess) -> None:
    client.send_signal(signal.SIGKILL)


async def tell_bye(client: ClientProcess) -> None:
    await client.tell("bye")


async def tell_close(client: ClientProcess) -> None:
    await client.tell("close")


async def tell_fin(client: ClientProcess) -> None:
    await client.tell("fin")


async def tell_rst(client: ClientProcess) -> None:
    await client.tell("rst")


ENDINGS = {"bye": tell_bye, "close": tell_close, "FIN": tell_fin, "RST": tell_rst, "SIGKILL": kill}


@pytest.mark.parametrize("ending", ENDINGS)
async def test_however_a_connection_ends_its_session_ends_once_and_leaves_nothing(ending: str) -> None:
    async with websocket_house(Limits()) as house:
        for step in STEPS:
            async with Company.of(house) as company, trio.open_nursery() as others:
                if step in AWAITED:
                    others.start_soon(ask_when_it_is_there, company)
                async with client_process(house.door, step) as client:
                    with trio.fail_after(20):
                        await client.hear("ready")
                        began = trio.current_time()
                        await ENDINGS[ending](client)
                        await client.process.wait()
                sessions = await sessions_of(step, company)
                at = await company.wait_released(sessions=sessions, edges=holds_edges(step))
                assert not FULL or at - began <= BOUND or not sessions


async def sessions_of(step: str, company: Company) -> int:
    """One that ends while it opens was there, or was not."""
    if step != "opening":
        return int(step != "connected")
    await settle(company.house.graph, company.idle)
    return int(bool(company.changes))


def holds_edges(step: str) -> bool:
    return step not in ("connected", "opening", "opened")


async def ask_when_it_is_there(company: Company) -> None:
    while "SYS/MINE" not in company.house.graph._supervisor._ledger.addresses():
        await trio.testing.wait_all_tasks_blocked(0.005)
    await company.operator()


# -- silence -----------------------------------------------------------------------------------------------------

SILENT = Limits(heartbeat_interval=2, heartbeat_timeout=3, open_seconds=4)
ALLOWANCE = 0.1


class Unanswered(Link):
    """A server's end whose pings nobody answers; what the client sends is heard."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._heard = link.last_heard

    peer = property(lambda self: self._link.peer)
    role = property(lambda self: self._link.role)

    @property
    def last_heard(self) -> float:
        return self._heard

    def ping(self) -> None: ...

    async def send(self, *frames: Frame) -> None:
        await self._link.send(*frames)

    async def receive(self) -> Frame:
        frame = await self._link.receive()
        self._heard = trio.current_time()
        return frame

    async def aclose(self, reason: str = "closed") -> None:
        await self._link.aclose(reason)

    def abort(self, reason: str) -> None:
        self._link.abort(reason)


async def speak(link: Link, step: str) -> None:
    """Go to a step and read on, but say nothing any more."""
    for number, (method, params, answered) in enumerate(STEPS[step], 1):
        await link.send(request(number, method, params))
        while answered and json.loads(await link.receive()).get("id") != number:
            pass


async def listen(link: Link) -> None:
    with suppress(LinkClosed):
        while True:
            await link.receive()


@pytest.mark.parametrize("step", STEPS)
async def test_one_that_falls_silent_is_released_in_time_and_not_before(
    mock_clock: trio.testing.MockClock, step: str
) -> None:
    async with memory_house(SILENT, Unanswered) as house, Company.of(house) as company:
        async with trio.open_nursery() as others:
            link = house.connect()
            await speak(link, step)
            others.start_soon(listen, link)
            if step in AWAITED:
                others.start_soon(company.operator)
            await trio.testing.wait_all_tasks_blocked()
            bound = SILENT.open_seconds if step == "connected" else SILENT.heartbeat_interval + SILENT.heartbeat_timeout
            present = look(house.graph)
            for seconds in (SILENT.heartbeat_interval, bound - SILENT.heartbeat_interval - 0.001):
                mock_clock.jump(seconds)
                await trio.testing.wait_all_tasks_blocked()
                assert look(house.graph) == present
            for _ in range(2):
                mock_clock.jump(ALLOWANCE / 2)
                await trio.testing.wait_all_tasks_blocked()
            assert [info.name for info in house.graph.sessions()] == ["company"]
            await link.aclose()
        await company.wait_released(sessions=int(step != "connected"), edges=holds_edges(step))
