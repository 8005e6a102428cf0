"""In one process everybody gets the same snapshot: nobody can change it for the others."""

import copy
import pickle

import pytest

from actors import open_graph, open_session
from graphmeta import FrozenDict, GraphMetadata, InitialSettings, UnitMetadata

SETTINGS = InitialSettings(readable={"gain": 1.0})
METADATA = GraphMetadata(units={"U": UnitMetadata("U", "U", "t:U", initial_settings=SETTINGS)})

CHANGES = {
    "set": lambda held: held.__setitem__("key", 1),
    "delete": lambda held: held.__delitem__(next(iter(held))),
    "clear": lambda held: held.clear(),
    "pop": lambda held: held.pop(next(iter(held))),
    "popitem": lambda held: held.popitem(),
    "setdefault": lambda held: held.setdefault("key", 1),
    "update": lambda held: held.update(key=1),
    "or": lambda held: held.__ior__({"key": 1}),
}
"""Whatever changes a dict."""


def dicts_of(snapshot, session):
    scopes = snapshot.sessions[session.id].scopes
    return [snapshot.graph, snapshot.edge_owners, snapshot.sessions, snapshot.settings, scopes]


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_no_caller_can_change_what_the_others_see(change):
    async with open_graph() as graph, open_session(graph, name="one") as one, one.scope("inner") as scope:
        await one.connect("A", "B")
        await scope.connect("B", "C")
        await one.register_metadata(METADATA)
        for snapshot in (graph.snapshot(), await one.snapshot()):
            before = copy.deepcopy(snapshot)
            for held in dicts_of(snapshot, one):
                assert held
                with pytest.raises(TypeError):
                    change(held)
            assert graph.snapshot() == await one.snapshot() == before
            assert dicts_of(graph.snapshot(), one) == dicts_of(before, one)


async def test_what_a_caller_has_copied_is_his_own():
    async with open_graph() as graph, open_session(graph, name="one") as one:
        await one.connect("A", "B")
        shared = graph.snapshot()
        for mine in (
            copy.deepcopy(shared).sessions,
            pickle.loads(pickle.dumps(shared)).sessions,
            dict(shared.sessions),
        ):
            mine.clear()
        assert [*shared.sessions] == [one.id]


async def test_a_snapshot_that_was_carried_on_cannot_be_changed_either():
    async with open_graph() as graph, open_session(graph, name="one") as one:
        await one.connect("A", "B")
        async with one.watch(graph.snapshot()) as changes:
            before = graph.snapshot()
            assert before.graph == {"A": ("B",), "B": ()}
            await one.connect("B", "C")
            after = before.apply(await changes.receive())
        for held in (after.graph, after.edge_owners):
            with pytest.raises(TypeError):
                held.clear()


def test_every_method_that_changes_a_dict_is_refused():
    """What a later Python adds to dict must be looked at."""
    known = {"copy", "fromkeys", "get", "items", "keys", "values"}
    methods = {name for name in dir(dict) if not name.startswith("_")} - known
    assert methods <= vars(FrozenDict).keys()
