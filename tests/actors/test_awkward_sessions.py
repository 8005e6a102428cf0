"""Sessions at awkward moments; each of these once broke a promise."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from actors import (
    InvalidName,
    LimitExceeded,
    Resync,
    ScopeTaken,
    SessionEnded,
    SessionError,
    SessionReleased,
    open_graph,
    open_session,
)
from actors._graph import _slices
from actors._graph._doors._hall import serve_link
from actors._graph._session._session_actor import SessionActor
from actors._graph._wire._remote import session_over
from graphmeta import GraphError, GraphMetadata, InitialSettings, UnitMetadata
from transport import Limits, TransportError, memory_links

MIB = 1024 * 1024


def metadata(size):
    settings = InitialSettings(readable="x" * size)
    return GraphMetadata(units={"U": UnitMetadata("U", "U", "t.U", initial_settings=settings)})


@pytest.mark.parametrize("name", ["bad\ud800", 5, None])
async def test_a_name_that_cannot_be_told_to_anybody_is_refused(name):
    async with open_graph() as graph:
        with pytest.raises(InvalidName):
            async with open_session(graph, name=name):
                raise AssertionError("it opened")
        assert graph.sessions() == ()


async def test_what_cannot_be_sent_is_a_typed_error_and_the_session_goes_on(house):
    async with house.join("one") as one:
        for use in (
            lambda: one.update_setting("U", "a", 2**80),
            lambda: one.connect("\ud800", "B"),
            lambda: one.settings_history("\ud800"),
        ):
            with pytest.raises((SessionError, GraphError, TransportError)):
                await use()
        assert await one.connect("A", "B")


async def test_history_is_bounded_in_bytes():
    async with open_graph(limits=Limits(history_bytes=100_000)) as graph, open_session(graph, name="one") as one:
        before = graph.snapshot().revision
        for _ in range(20):
            await one.register_metadata(metadata(4_000))
        async with one.watch(before) as changes:
            assert (await changes.receive()).reason == "history"
        async with one.watch(graph.snapshot().revision - 3) as changes:
            assert not isinstance(await changes.receive(), Resync)


async def test_what_waits_for_a_watcher_is_bounded_in_bytes():
    async with open_graph(limits=Limits(outbox_bytes=100_000)) as graph, open_session(graph, name="one") as one:
        async with one.watch(graph.snapshot()) as changes:
            for _ in range(20):
                await one.register_metadata(metadata(4_000))
            item = await changes.receive()
            assert isinstance(item, Resync)
            assert item.reason == "slow"


async def test_a_watcher_far_behind_gets_a_resync_not_an_end():
    limits = Limits(watch_changes=4, history_changes=100)
    async with open_graph(limits=limits) as graph, open_session(graph, name="one") as one:
        start = graph.snapshot()
        for number in range(20):
            await one.connect("A", f"B{number}")
        async with one.watch(start) as changes:
            item = await changes.receive()
            assert isinstance(item, Resync)
            assert start.apply(item) == graph.snapshot()


async def test_texts_of_endpoints_and_scopes_are_bounded():
    async with open_graph(limits=Limits(topic_length=10)) as graph, open_session(graph, name="one") as one:
        with pytest.raises(LimitExceeded):
            await one._line.ask(type(one._line._service).open_endpoint, "T", "publisher", "x" * 11)
        async with one.scope("12345") as scope:
            with pytest.raises(LimitExceeded):
                async with scope.scope("67890"):
                    raise AssertionError("it opened")
        assert graph.snapshot().sessions[one.id].scopes == {}


async def test_a_scope_is_one_path_segment(house):
    async with house.join("one") as one:
        with pytest.raises(ScopeTaken):
            async with one.scope("a/b"):
                raise AssertionError("it opened")


@pytest.mark.parametrize("way", ["local", "remote"])
async def test_one_that_is_struck_between_entering_the_ledger_and_being_ready_is_released(way, monkeypatch):
    """As by a Ctrl-C there: no `stopping` is armed yet."""

    class Struck(BaseException):
        pass

    enter = SessionActor.started

    async def enter_and_be_struck(self):
        await enter(self)
        raise Struck

    monkeypatch.setattr(SessionActor, "started", enter_and_be_struck)
    ours, theirs = memory_links()
    async with open_graph() as graph:
        before = graph.snapshot()
        with pytest.raises(Struck):
            if way == "local":
                async with open_session(graph, name="one"):
                    raise AssertionError("it opened")
            await ours.send('{"jsonrpc": "2.0", "id": 1, "method": "open", "params": {"name": "one"}}')
            await serve_link(graph._supervisor, theirs)
        assert graph.snapshot().sessions == {}
        # It was there, and it went.
        assert graph.snapshot().revision == before.revision + 2


async def test_an_endpoint_opened_while_its_session_ends_is_nowhere():
    async with open_graph() as graph:
        for _ in range(20):
            with pytest.raises((SessionReleased, SessionEnded)):
                async with open_session(graph, name="victim") as victim, trio.open_nursery() as nursery:
                    nursery.start_soon(_release, graph)
                    async with victim.subscriber("A"):
                        await trio.sleep_forever()
            assert graph._supervisor.router.route("A").inboxes == ()


async def _release(graph):
    graph._supervisor.member("victim").end(SessionReleased("operator"))
    await trio.lowlevel.checkpoint()


async def test_sync_goes_on_when_what_it_waited_for_was_dropped(autojump_clock):
    # On the mock clock a sync that hangs is too slow at once.
    with trio.fail_after(5):
        async with open_graph() as graph, open_session(graph, name="one") as one:
            async with (
                one.publisher("A") as a,
                one.subscriber("A", leaky=True, max_queue=1),
                trio.open_nursery() as nursery,
            ):
                await a.send(1)
                nursery.start_soon(one.sync)
                await wait_all_tasks_blocked()
                await a.send(2)


async def test_a_publisher_that_closes_frees_all_its_senders(autojump_clock):
    async with open_graph() as graph, open_session(graph, name="one") as one:
        async with one.subscriber("A", max_queue=1), trio.open_nursery() as nursery:
            freed = []

            async def send(publisher, number):
                with pytest.raises(trio.ClosedResourceError):
                    await publisher.send(number)
                freed.append(number)

            async with one.publisher("A") as a:
                await a.send(0)
                for number in (1, 2):
                    nursery.start_soon(send, a, number)
                await wait_all_tasks_blocked()
                await one.pause()
            await wait_all_tasks_blocked()
            assert sorted(freed) == [1, 2]
            await one.resume()


async def test_registrations_that_a_client_pipelines_are_taken_in_the_order_of_their_arrival(monkeypatch):
    # Many pauses while the large ones are decoded, however fast this machine is.
    monkeypatch.setattr(_slices, "_SLICE", 1e-4)
    taken = []

    async def register(line, count):
        units = {f"U{n}": UnitMetadata(f"U{n}", f"U{n}", "t.U") for n in range(count)}
        taken.append((await line.request("register_metadata", {"metadata": GraphMetadata(units=units)}, int), count))

    # Frames that hold all of it: nothing is reordered on the way.
    limits = Limits(fragment_bytes=4 * MIB, client_frame_bytes=16 * MIB, server_frame_bytes=16 * MIB)
    ours, theirs = memory_links(limits=limits)
    async with open_graph(limits=limits) as graph, trio.open_nursery() as nursery:
        nursery.start_soon(serve_link, graph._supervisor, theirs)
        async with session_over(ours, "one", limits) as one, trio.open_nursery() as clients:
            for count in (2_000, 3, 1_000, 2):
                clients.start_soon(register, one._line, count)
                for _ in range(2):  # by now it has been sent
                    await trio.lowlevel.checkpoint()
    assert [count for _, count in sorted(taken)] == [2_000, 3, 1_000, 2]
