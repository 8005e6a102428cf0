"""What every session promises, wherever its graph lives: one suite for all kinds of line."""

import pytest
import trio
import trio.testing

from actors import (
    AddressTaken,
    CycleError,
    InvalidName,
    InvalidTopic,
    Outcome,
    ScopeTaken,
    Session,
    SessionEnded,
    SessionLost,
    SessionReleased,
    UnknownSession,
)
from graphmeta import Change, Edge, GraphMetadata, Resync, UnitMetadata

AB, BC = Edge("A", "B"), Edge("B", "C")


def metadata(*addresses: str) -> GraphMetadata:
    return GraphMetadata(
        units={address: UnitMetadata(address, address.rpartition("/")[2], "test.Unit") for address in addresses}
    )


async def test_connect_says_what_happened(house):
    async with house.join("one") as one, house.join("two") as two:
        added = await one.connect(*AB)
        shared = await two.connect(*AB)
        again = await one.connect(*AB)
        assert [r.outcome for r in (added, shared, again)] == [
            Outcome.ADDED,
            Outcome.SHARED,
            Outcome.ALREADY_OWNED,
        ]
        assert [bool(r) for r in (added, shared, again)] == [True, False, False]
        assert again.revision == shared.revision > added.revision
        released = await one.disconnect(*AB)
        removed = await two.disconnect(*AB)
        nothing = await two.disconnect(*AB)
        assert [r.outcome for r in (released, removed, nothing)] == [
            Outcome.RELEASED,
            Outcome.REMOVED,
            Outcome.NOT_OWNER,
        ]


async def test_an_edge_falls_with_its_last_owner(house):
    async with house.join("one") as one:
        async with house.join("two") as two:
            await one.connect(*AB)
            await two.connect_many([AB, BC])
            assert house.graph.snapshot().edge_owners == {AB: tuple(sorted([one.id, two.id])), BC: (two.id,)}
        assert house.graph.snapshot().edge_owners == {AB: (one.id,)}
    assert house.graph.snapshot().graph == {}


async def test_what_an_ended_session_held_stands_in_nobodys_way(house):
    async with house.join("one") as one:
        await one.connect(*AB)
        async with one.scope("s") as scope:
            await scope.connect(*BC)
            await one.register_metadata(metadata("SYS/A"))
    async with house.join("two") as two:
        # Were anything left of the topology, these would close a cycle, and the address would be taken.
        results = await two.connect_many([("B", "A"), ("C", "B")])
        assert [result.outcome for result in results] == [Outcome.ADDED, Outcome.ADDED]
        await two.register_metadata(metadata("SYS/A"))


async def test_a_persistent_edge_outlives_every_session(house):
    async with house.join("one") as one:
        assert await one.connect(*AB, persistent=True)
        assert (await one.connect(*AB)).outcome is Outcome.SHARED
    assert house.graph.snapshot().edge_owners == {AB: (None,)}
    assert house.graph.disconnect(*AB)
    assert house.graph.snapshot().graph == {}


async def test_a_cycle_is_refused_with_its_path_and_changes_nothing(house):
    async with house.join("one") as one:
        await one.connect_many([AB, BC])
        before = house.graph.snapshot()
        with pytest.raises(CycleError) as caught:
            await one.connect_many([("X", "Y"), ("C", "A")])
        assert tuple(caught.value.edge) == ("C", "A")
        assert caught.value.path[0] == caught.value.path[-1]
        assert set(caught.value.path) == {"A", "B", "C"}
        with pytest.raises(InvalidTopic):
            await one.connect("", "B")
        assert house.graph.snapshot() == before


async def test_the_snapshot_of_a_session_equals_the_graphs_own(house):
    async with house.join("one") as one:
        await one.connect_many([AB, BC])
        await one.register_metadata(metadata("SYS/A", "SYS/B"))
        async with one.scope("calibration") as scope:
            await scope.connect("B", "D")
            assert await one.snapshot() == house.graph.snapshot()
        assert await one.snapshot() == house.graph.snapshot()


async def test_a_scope_owns_its_edges_and_ends_with_its_block(house):
    async with house.join("one") as one:
        await one.connect(*AB)
        async with one.scope("outer") as outer:
            assert (await outer.connect(*AB)).outcome is Outcome.SHARED
            async with outer.scope("inner") as inner:
                await inner.connect(*BC)
                session = house.graph.snapshot().sessions[one.id]
                assert session.edges == (AB,)
                assert session.scopes == {"outer": (AB,), "outer/inner": (BC,)}
                assert house.graph.snapshot().edge_owners == {AB: (one.id,), BC: (one.id,)}
            with pytest.raises(ScopeTaken):
                async with one.scope("outer"):
                    pass
        assert house.graph.snapshot().sessions[one.id].scopes == {}
        assert house.graph.snapshot().graph == {"A": ("B",), "B": ()} or house.graph.snapshot().graph == {"A": ("B",)}


async def test_clear_lets_go_of_the_session_and_its_scopes(house):
    async with house.join("one") as one, one.scope("s") as scope:
        await one.connect(*AB)
        await scope.connect(*BC)
        await scope.clear()
        assert set(house.graph.snapshot().edge_owners) == {AB}
        await scope.connect(*BC)
        await one.clear()
        assert house.graph.snapshot().edge_owners == {}


async def test_an_address_that_another_session_holds_is_refused_with_its_holder(house):
    async with house.join("one") as one, house.join("two") as two:
        await one.register_metadata(metadata("SYS/A"))
        before = house.graph.snapshot()
        with pytest.raises(AddressTaken) as caught:
            await two.register_metadata(metadata("SYS/A", "SYS/B"))
        assert caught.value.holders == (("SYS/A", "one"),)
        assert house.graph.snapshot() == before
        await one.register_metadata(metadata("SYS/C"))
        await two.register_metadata(metadata("SYS/A"))
        assert set(house.graph.snapshot().sessions[two.id].metadata.components) == {"SYS/A"}


async def test_registrations_under_way_at_once_are_taken_in_the_order_in_which_they_were_made(house):
    revisions = []

    async def register(session, *addresses):
        revisions.append((len(addresses), await session.register_metadata(metadata(*addresses))))

    async with house.join("one") as one:
        async with trio.open_nursery() as nursery:
            for count in (2_000, 3, 1_000, 2):
                nursery.start_soon(register, one, *(f"SYS/{count}/{n}" for n in range(count)))
                for _ in range(2):  # by now it has been asked
                    await trio.lowlevel.checkpoint()
        in_order = [count for count, _ in sorted(revisions, key=lambda entry: entry[1])]
        assert in_order == [2_000, 3, 1_000, 2]
        assert len(house.graph.snapshot().sessions[one.id].metadata.components) == 2


async def test_a_registration_that_is_given_up_or_refused_lets_the_next_one_through(house):
    async with house.join("one") as one, house.join("two") as two:
        await two.register_metadata(metadata("TAKEN"))
        with trio.CancelScope() as given_up:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(one.register_metadata, metadata(*(f"SYS/{n}" for n in range(2_000))))
                for _ in range(2):
                    await trio.lowlevel.checkpoint()
                given_up.cancel()
        with pytest.raises(AddressTaken):
            await one.register_metadata(metadata("TAKEN"))
        await one.register_metadata(metadata("FREE"))
        assert set(house.graph.snapshot().sessions[one.id].metadata.components) == {"FREE"}


async def test_a_watch_starts_with_a_snapshot_and_follows_without_gaps(house):
    async with house.join("watcher") as watcher, watcher.watch() as changes:
        first = await changes.receive()
        assert isinstance(first, Resync)
        replica = first.snapshot
        async with house.join("one") as one:
            await one.connect_many([AB, BC])
            async with one.scope("s") as scope:
                await scope.connect("A", "C")
            await one.register_metadata(metadata("SYS/A"))
        revision = house.graph.snapshot().revision
        while replica.revision < revision:
            change = await changes.receive()
            assert isinstance(change, Change)
            assert change.revision == replica.revision + 1
            replica = replica.apply(change)
        assert replica == house.graph.snapshot()


async def test_changes_up_to_a_revision_are_in_the_watch_before_the_reply_that_names_it(house):
    async with house.join("one") as one, one.watch(after=await revision_of(one)) as changes:
        for number in range(20):
            result = await one.connect("A", f"B{number}")
            change = changes.receive_nowait()
            assert change.revision == result.revision


async def revision_of(session: Session) -> int:
    return (await session.snapshot()).revision


async def test_a_watch_from_a_snapshot_brings_what_came_after_it(house):
    async with house.join("one") as one:
        snapshot = await one.snapshot()
        await one.connect(*AB)
        async with one.watch(snapshot) as changes:
            assert (await changes.receive()).edges_added == (AB,)


async def test_a_watch_from_another_epoch_starts_anew(house):
    async with house.join("one") as one, one.watch(0, epoch=one.id) as changes:
        item = await changes.receive()
        assert isinstance(item, Resync)
        assert item.reason == "epoch"


async def test_upstream_downstream_and_impact(house):
    async with house.join("one") as one, house.join("two") as two:
        await one.connect_many([AB, BC])
        await two.connect(*AB)
        assert await two.upstream("C") == ("A", "B")
        assert await two.downstream("A") == ("B", "C")
        assert (await two.impact("one")).edges == (BC,)
        assert (await two.impact()).edges == ()


async def test_impact_names_who_would_hear_less_and_which_components_would_go(house):
    async with house.join("one") as one, house.join("two") as two:
        await one.connect_many([AB, BC, Edge("C", "D")])
        await two.connect(*AB)
        await one.register_metadata(metadata("SYS/B", "SYS/A"))
        async with two.subscriber("B"), two.subscriber("D"), two.subscriber("ELSE"), two.publisher("C"):
            # B goes on hearing A, which two owns as well; at C nobody subscribes.
            impact = await two.impact("one")
            assert (impact.name, impact.edges) == ("one", (BC, Edge("C", "D")))
            assert impact.cut == ("D",)
            assert impact.components == ("SYS/A", "SYS/B")
            assert (await two.release("one", dry_run=True)) == impact
            assert ((await two.impact()).cut, (await two.impact()).components) == ((), ())


async def test_a_released_session_loses_its_body_and_learns_by_whom(house):
    async with house.join("operator") as operator, operator.watch(await revision_of(operator)) as changes:
        with pytest.raises(SessionReleased, match="operator"):
            async with house.join("victim") as victim:
                await victim.connect(*AB)
                assert (await operator.release("victim", dry_run=True)).edges == (AB,)
                assert set(house.graph.snapshot().edge_owners) == {AB}
                assert (await operator.release("victim")).edges == (AB,)
                assert house.graph.snapshot().edge_owners == {}
                await trio.sleep_forever()
        ended = [await changes.receive() for _ in range(3)][-1]
        assert [entry.name for entry in ended.ended] == ["victim"]
        assert (ended.by_name, ended.edges_removed) == ("operator", (AB,))
        with pytest.raises(UnknownSession):
            await operator.release("victim")


async def test_a_session_can_be_named_by_the_beginning_of_its_id_but_not_by_too_little_of_it(house):
    async with house.join("one") as one, house.join("two") as two:
        assert (await two.impact(str(one.id)[:8])).session == one.id
        for vague in (str(one.id)[:7], str(one.id)[:8] + "x"):
            with pytest.raises(UnknownSession):
                await two.impact(vague)
        with pytest.raises(SessionReleased):
            async with house.join("victim") as victim:
                assert (await two.release(str(victim.id)[:8])).session == victim.id
                await trio.sleep_forever()
        # A name is a name, whatever it looks like.
        async with house.join(str(one.id)[:8]) as other:
            assert (await two.impact(other.name)).session == other.id


OPERATIONS = {
    "connect": lambda s: s.connect(*AB),
    "connect, persistent": lambda s: s.connect(*AB, persistent=True),
    "connect_many": lambda s: s.connect_many([AB]),
    "connect_many, persistent": lambda s: s.connect_many([AB], persistent=True),
    "disconnect": lambda s: s.disconnect(*AB),
    "disconnect, persistent": lambda s: s.disconnect(*AB, persistent=True),
    "disconnect_many": lambda s: s.disconnect_many([AB]),
    "disconnect_many, persistent": lambda s: s.disconnect_many([AB], persistent=True),
    "clear": lambda s: s.clear(),
    "scope": lambda s: enter(s.scope("scope")),
    "register_metadata": lambda s: s.register_metadata(metadata("SYS/A")),
    "snapshot": lambda s: s.snapshot(),
    "watch": lambda s: enter(s.watch()),
    "watch_settings": lambda s: enter(s.watch_settings()),
    "upstream": lambda s: s.upstream("A"),
    "downstream": lambda s: s.downstream("A"),
    "sessions": lambda s: s.sessions(),
    "impact": lambda s: s.impact(),
    "type_clashes": lambda s: s.type_clashes("A", "B"),
    "statistics": lambda s: s.statistics(),
    "release": lambda s: s.release("one"),
    "shutdown": lambda s: s.shutdown(),
    "settings": lambda s: s.settings(),
    "settings_history": lambda s: s.settings_history("SYS/A"),
    "update_setting": lambda s: s.update_setting("SYS/A", "a", 1),
    "update_settings": lambda s: s.update_settings("SYS/A", {"a": 1}),
    "undo_settings": lambda s: s.undo_settings("SYS/A"),
    "publisher": lambda s: enter(s.publisher("A")),
    "subscriber": lambda s: enter(s.subscriber("A")),
    "pause": lambda s: s.pause(),
    "resume": lambda s: s.resume(),
    "paused": lambda s: enter(s.paused()),
    "sync": lambda s: s.sync(),
}


async def enter(block):
    async with block:
        raise AssertionError("it opened")


def test_no_operation_of_a_session_is_left_out_here():
    public = {name for name in dir(Session) if not name.startswith("_")} - {"id", "name"}
    assert {name.partition(",")[0] for name in OPERATIONS} == public


async def test_outside_its_block_a_session_refuses_everything(house):
    async with house.join("one") as one:
        await one.connect(*AB)
    revision = house.graph.snapshot().revision
    for name, use in OPERATIONS.items():
        with pytest.raises(SessionEnded):
            await use(one)
            raise AssertionError(f"{name} did not raise")
    assert house.graph.snapshot().revision == revision


@pytest.mark.parametrize("name", OPERATIONS)
async def test_in_a_session_that_was_released_every_operation_says_so_at_once(house, name):
    async with house.join("operator") as operator:
        with pytest.raises(SessionReleased):
            async with house.join("victim") as victim:
                # Shielded from its own end, a body may still ask.
                with trio.CancelScope(shield=True):
                    await operator.release("victim")
                    revision = house.graph.snapshot().revision
                    with trio.fail_after(5), pytest.raises((SessionReleased, SessionEnded)):
                        await OPERATIONS[name](victim)
        assert house.graph.snapshot().revision == revision


async def test_an_exception_of_the_body_leaves_as_itself_and_releases(house):
    with pytest.raises(ValueError, match="mine"):
        async with house.join("one") as one:
            await one.connect(*AB)
            raise ValueError("mine")
    assert house.graph.snapshot().edge_owners == {}


async def test_a_cancelled_body_releases(house):
    with trio.CancelScope() as scope:
        async with house.join("one") as one:
            await one.connect(*AB)
            scope.cancel()
            await trio.sleep_forever()
    assert scope.cancelled_caught
    assert house.graph.snapshot().edge_owners == {}


async def test_sessions_says_who_is_there(house):
    async with house.join("one") as one, house.join("two") as two:
        await one.connect_many([AB, BC])
        listed = await two.sessions()
        assert [(info.name, info.id, info.edges) for info in listed] == [("one", one.id, 2), ("two", two.id, 0)]


async def test_many_requests_may_be_under_way_at_once(house):
    async with house.join("one") as one:
        async with trio.open_nursery() as nursery:
            for number in range(100):
                nursery.start_soon(one.connect, "A", f"B{number}")
        assert len(house.graph.snapshot().edge_owners) == 100


async def test_when_the_graph_closes_every_body_is_told(house):
    lost = []
    with pytest.raises(SessionLost):
        async with house.join("one") as one:
            await one.connect(*AB)
            house.graph._supervisor.close()
            try:
                await trio.sleep_forever()
            except trio.Cancelled:
                lost.append("cancelled")
                raise
    assert lost == ["cancelled"]


async def test_any_session_can_hold_the_flow_and_its_end_lets_go(house):
    router = house.graph._supervisor.router
    async with house.join("one") as one:
        await one.pause()
        assert router.paused
        await one.resume()
        assert not router.paused
        await one.sync()
        async with one.paused():
            assert router.paused
        await one.pause()
    assert not router.paused


@pytest.mark.parametrize("name", ["", "  ", "x" * 257])
async def test_a_name_that_tells_nobody_anything_is_refused(house, name):
    with pytest.raises(InvalidName):
        async with house.join(name):
            raise AssertionError("it opened")
    assert house.graph.sessions() == ()


async def test_several_tasks_that_are_told_of_the_end_leave_as_one(house):
    async def wait(session):
        async with session.watch() as changes:
            async for _ in changes:
                pass

    async with house.join("operator") as operator:
        with pytest.raises(SessionReleased):
            async with house.join("victim") as victim:
                async with trio.open_nursery() as nursery:
                    for _ in range(3):
                        nursery.start_soon(wait, victim)
                    await trio.testing.wait_all_tasks_blocked(0.01)
                    await operator.release("victim")


async def test_a_watch_ends_with_its_session_also_for_a_reader_who_is_not_in_its_block(house):
    told = []

    async def read(changes):
        with pytest.raises((SessionEnded, SessionLost)):
            while True:
                await changes.receive()
        told.append("ended")

    async def body(session, nursery):
        async with session.watch() as changes:
            nursery.start_soon(read, changes)
            house.graph._supervisor.member("one").end(SessionLost("for a test"))
            with trio.CancelScope(shield=True):
                while not told:
                    await trio.lowlevel.checkpoint()

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            with pytest.raises(SessionLost):
                async with house.join("one") as one:
                    await body(one, nursery)
    assert told == ["ended"]
