"""Whatever a graph hands out in its own process stays as it is, down to the last record: a walk finds nothing open."""

import copy
import json
import pickle
import uuid
from typing import Any

import attrs
import msgspec
import pytest

from actors import open_graph, open_session, serve_websocket
from graphmeta import (
    CollectionMetadata,
    FrozenDict,
    FrozenList,
    GraphMetadata,
    InitialSettings,
    InputStreamMetadata,
    OutputStreamMetadata,
    RelayMetadata,
    SettingsField,
    TopicMetadata,
    UnitMetadata,
    snapshot_to_json,
)

LEAVES = (str, int, float, bool, bytes, type(None), uuid.UUID)


def metadata() -> GraphMetadata:
    """One of everything that metadata can hold, and plain data that is nested."""
    settings: dict[str, Any] = {
        "initial_settings": InitialSettings(readable={"band": {"low": 1.0, "taps": [1, [2]]}}),
        "settings_schema": (
            SettingsField("band", "Band", default={"low": [1.0]}),
            SettingsField("mode", "str", default="a", choices=("a", ["b"], {"c": []})),
        ),
    }
    unit = UnitMetadata(
        "SYS/U",
        "U",
        "t:U",
        **settings,
        input_streams={"IN": InputStreamMetadata("IN", "SYS/U/IN", "float")},
        output_streams={"OUT": OutputStreamMetadata("OUT", "SYS/U/OUT", "float")},
    )
    collection = CollectionMetadata(
        "SYS",
        "SYS",
        "t:Sys",
        **settings,
        children=("SYS/U",),
        topics={"T": TopicMetadata("T", "SYS/T", "float")},
        relays={"R": RelayMetadata("R", "SYS/R", "float")},
    )
    return GraphMetadata("SYS", {"SYS/U": unit}, {"SYS": collection})


def open_places(value: Any, place: str) -> list[str]:
    """Return every place at or below *place* where what is reachable can be changed."""
    if isinstance(value, LEAVES):
        return []
    if isinstance(value, dict):
        found = [] if type(value) is FrozenDict else [place]
        return found + [each for key, inner in value.items() for each in open_places(inner, f"{place}[{key!r}]")]
    if isinstance(value, list | tuple):
        found = [] if isinstance(value, tuple) or type(value) is FrozenList else [place]
        return found + [each for at, inner in enumerate(value) for each in open_places(inner, f"{place}[{at}]")]
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(value, attrs.fields(type(value))[0].name, None)
    names = [field.name for field in attrs.fields(type(value))] + [*getattr(value, "__dict__", ())]
    return [each for name in names for each in open_places(getattr(value, name), f"{place}.{name}")]


def test_the_walk_finds_what_is_open():
    found = open_places(metadata(), "metadata")
    for place in (
        "metadata.units",
        "metadata.units['SYS/U'].input_streams",
        "metadata.units['SYS/U'].initial_settings.readable['band']['taps'][1]",
        "metadata.collections['SYS'].settings_schema[1].choices[2]['c']",
    ):
        assert place in found


ORIGINS = {
    "made": metadata,
    "copied": lambda: copy.deepcopy(metadata()),
    "unpickled": lambda: pickle.loads(pickle.dumps(metadata())),
}


@pytest.mark.parametrize("wire", [False, True], ids=["in process", "over a wire"])
@pytest.mark.parametrize("origin", ORIGINS.values(), ids=ORIGINS)
async def test_nothing_that_is_reachable_from_what_is_handed_out_can_be_changed(wire, origin, nursery):
    async with open_graph() as graph, open_session(graph, name="looks on") as looks_on:
        door = await nursery.start(serve_websocket, graph)
        target = {"target": door.url, "token": door.token} if wire else {"target": graph}
        async with looks_on.watch() as changes, open_session(**target, name="says") as says:
            async with says.scope("inner") as scope, says.subscriber("SYS/U/IN"):
                await scope.connect("A", "B")
                await says.register_metadata(origin())
                await says._report_settings("SYS/U", {"band": {"low": 2.0, "taps": [[3]]}})
                handed = {
                    "history": await looks_on.settings_history("SYS/U"),
                    "settings": tuple((await looks_on.settings()).items()),
                    "seen": await seen(changes, graph.snapshot().revision),
                    "asked": await looks_on.snapshot(),
                    "snapshot": graph.snapshot(),
                    "sessions": graph.sessions(),
                }
                assert handed["snapshot"].graph
                assert handed["snapshot"].edge_owners
                for name, value in handed.items():
                    assert open_places(value, name) == []
                assert handed["snapshot"].sessions[says.id].metadata == metadata()
        nursery.cancel_scope.cancel()


async def seen(changes: Any, revision: int) -> tuple[Any, ...]:
    """What a watcher gets until a revision."""
    items = [await changes.receive()]
    while getattr(items[-1], "revision", 0) < revision:
        items.append(await changes.receive())
    return tuple(items)


async def test_whoever_registered_cannot_change_what_is_seen_of_it_either():
    mine = metadata()
    async with open_graph() as graph, open_session(graph, name="says") as says:
        await says.register_metadata(mine)
        before = copy.deepcopy(graph.snapshot())
        for change in (
            lambda: mine.units.clear(),
            lambda: mine.units["SYS/U"].input_streams.pop("IN"),
            lambda: mine.units["SYS/U"].initial_settings.readable["band"]["taps"].append(4),
            lambda: mine.units["SYS/U"].settings_schema[0].default["low"].clear(),
        ):
            with pytest.raises(TypeError, match="belongs to everybody"):
                change()
        assert graph.snapshot() == before


async def test_frozen_metadata_is_written_compared_and_carried_on_like_any():
    async with open_graph() as graph, open_session(graph, name="says") as says:
        await says.register_metadata(metadata())
        shown, plain = graph.snapshot().sessions[says.id].metadata, metadata()
        assert shown == plain
        assert repr(shown) == repr(plain)
        for encode in (msgspec.msgpack.encode, msgspec.json.encode):
            assert encode(shown) == encode(plain)
        readable = shown.units["SYS/U"].initial_settings.readable
        assert json.dumps(readable) == json.dumps(plain.units["SYS/U"].initial_settings.readable)
        assert attrs.evolve(shown, root_name="") == attrs.evolve(plain, root_name="")
        evolved = attrs.evolve(shown.units["SYS/U"], initial_settings=InitialSettings(readable=readable))
        assert evolved == plain.units["SYS/U"]
        assert snapshot_to_json(graph.snapshot())
        assert await says.register_metadata(shown) == graph.snapshot().revision


async def test_a_copy_of_what_is_frozen_belongs_to_whoever_made_it():
    async with open_graph() as graph, open_session(graph, name="says") as says:
        await says.register_metadata(metadata())
        shown = graph.snapshot().sessions[says.id].metadata
        for mine in (copy.deepcopy(shown), pickle.loads(pickle.dumps(shown))):
            mine.units["SYS/U"].initial_settings.readable["band"]["taps"].append(4)
            mine.units["SYS/U"].input_streams.clear()
            mine.units.clear()
        assert graph.snapshot().sessions[says.id].metadata == metadata()


LIST_CHANGES = {
    "set": lambda held: held.__setitem__(0, 1),
    "delete": lambda held: held.__delitem__(0),
    "append": lambda held: held.append(1),
    "extend": lambda held: held.extend([1]),
    "insert": lambda held: held.insert(0, 1),
    "pop": lambda held: held.pop(),
    "remove": lambda held: held.remove(1),
    "clear": lambda held: held.clear(),
    "sort": lambda held: held.sort(),
    "reverse": lambda held: held.reverse(),
    "add": lambda held: held.__iadd__([1]),
    "multiply": lambda held: held.__imul__(2),
}
"""Whatever changes a list."""


@pytest.mark.parametrize("change", LIST_CHANGES.values(), ids=LIST_CHANGES)
def test_a_frozen_list_refuses_whatever_would_change_it(change):
    held = FrozenList([1, 2])
    with pytest.raises(TypeError):
        change(held)
    assert held == [1, 2]


def test_every_method_that_changes_a_list_is_refused():
    """What a later Python adds to list must be looked at."""
    known = {"copy", "count", "index"}
    methods = {name for name in dir(list) if not name.startswith("_")} - known
    assert methods <= vars(FrozenList).keys()
