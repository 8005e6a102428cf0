"""Over a limit: the error names it, and nothing changed; the session and its neighbours go on."""

from uuid import UUID

import pytest

from actors import CycleError, InvalidTopic, LimitExceeded, Outcome, open_graph, open_session
from actors._graph._errors import UnknownScope
from actors._graph._ledger import _commands as ask
from actors._graph._ledger._ledger import Ledger
from graphmeta import Edge, GraphMetadata, InitialSettings, UnitMetadata
from transport import Limits


def metadata(size):
    settings = InitialSettings(readable="x" * size)
    return GraphMetadata(units={"U": UnitMetadata("U", "U", "t.U", initial_settings=settings)})


async def edges(session, count):
    await session.connect_many([("A", f"B{n}") for n in range(count)])


async def watches(session, count):
    if count:
        async with session.watch():
            await watches(session, count - 1)


async def scopes(session, count):
    if count:
        async with session.scope(f"s{count}"):
            await scopes(session, count - 1)


async def endpoints(session, count):
    if count:
        async with session.publisher("T"):
            await endpoints(session, count - 1)


async def report(session, size):
    if not (await session.settings()):
        await session.register_metadata(metadata(0))
    await session._report_settings("U", "x" * size)


CASES = {
    "edges_per_session": (5, edges, 5, 6),
    "edges": (5, edges, 5, 6),
    "watches_per_session": (2, watches, 2, 3),
    "scopes_per_session": (2, scopes, 2, 3),
    "endpoints_per_session": (2, endpoints, 2, 3),
    "topic_length": (8, lambda session, size: session.connect("A", "B" * size), 8, 9),
    "metadata_bytes_per_session": (800, lambda s, size: s.register_metadata(metadata(size)), 50, 900),
    "metadata_bytes": (800, lambda s, size: s.register_metadata(metadata(size)), 50, 900),
    "settings_bytes_per_session": (100, lambda s, size: report(s, size), 97, 98),
    "settings_bytes": (100, lambda s, size: report(s, size), 97, 98),
}


@pytest.mark.parametrize("name", CASES)
async def test_up_to_the_limit_all_is_well_and_above_it_nothing_changes(name):
    limit, act, well, too_much = CASES[name]
    async with open_graph(limits=Limits(**{name: limit})) as graph, open_session(graph, name="one") as one:
        await act(one, well)
        await one.clear()
        await act(one, well)
        await one.clear()
        before = graph.snapshot()
        with pytest.raises(LimitExceeded) as caught:
            await act(one, too_much)
        assert (caught.value.name, caught.value.limit) == (name, limit)
        after = graph.snapshot()
        assert (after.graph, after.settings) == (before.graph, before.settings)
        assert after.sessions == before.sessions
        await act(one, well)


async def test_the_graph_has_room_for_so_many_sessions_and_again_when_one_leaves():
    async with open_graph(limits=Limits(sessions=2)) as graph, open_session(graph, name="one"):
        for _ in range(3):
            async with open_session(graph, name="two"):
                with pytest.raises(LimitExceeded, match="sessions"):
                    async with open_session(graph, name="three"):
                        pass
        assert [session.name for session in graph.sessions()] == ["one"]


async def test_what_ended_sessions_held_does_not_count():
    limits = Limits(edges=5, metadata_bytes=800, settings_bytes=100)
    async with open_graph(limits=limits) as graph:
        for _ in range(5):
            async with open_session(graph, name="one") as one:
                await edges(one, 5)
                await one.register_metadata(metadata(100))
                await one._report_settings("U", "x" * 90)


@pytest.mark.parametrize("name", ["edges", "edges_per_session"])
async def test_at_the_limit_what_is_there_already_needs_no_room(name):
    async with open_graph(limits=Limits(**{name: 2})) as graph, open_session(graph, name="one") as one:
        await edges(one, 2)
        again = await one.connect_many([("A", "B0"), ("A", "B1"), ("A", "B1")])
        assert {result.outcome for result in again} == {Outcome.ALREADY_OWNED}
        with pytest.raises(LimitExceeded):
            await one.connect_many([("A", "B0"), ("A", "C")])
        assert await one.downstream("A") == ("B0", "B1")


@pytest.mark.parametrize("what", ["connect", "disconnect"])
def test_an_edge_that_is_wrong_in_several_ways_is_refused_for_its_form_then_scope_then_limit_then_cycle(what):
    ledger = Ledger(UUID(int=0), lambda: 0.0, Limits(topic_length=8))
    session = UUID(int=1)
    ledger.decide(session, ask.Open("one", "here"))
    command = {"connect": ask.Connect, "disconnect": ask.Disconnect}[what]

    def refusal(*edges, scope=""):
        with pytest.raises((InvalidTopic, UnknownScope, LimitExceeded, CycleError)) as caught:
            ledger.decide(session, command(tuple(Edge(*edge) for edge in edges), scope))
        return caught.type

    circle, too_long, malformed = ("A", "A"), ("A", "B" * 9), ("A", "")
    assert refusal(circle, too_long, malformed, scope="none") is InvalidTopic
    assert refusal(circle, too_long, scope="none") is UnknownScope
    if what == "connect":
        assert refusal(circle, too_long) is LimitExceeded
        assert refusal(circle) is CycleError
    assert ledger.snapshot().graph == {}


async def test_an_endpoint_on_no_topic_is_refused_for_that_even_where_there_is_no_room():
    async with open_graph(limits=Limits(endpoints_per_session=1)) as graph, open_session(graph, name="one") as one:
        async with one.publisher("T"):
            with pytest.raises(InvalidTopic):
                async with one.publisher("/"):
                    raise AssertionError("it opened")
