"""Records refuse whatever contradicts itself, at the moment they are made."""

import pickle
from typing import Any

import attrs
import pytest

from graphmeta import (
    SCHEMA_VERSION,
    CollectionMetadata,
    DynamicSettingsMetadata,
    GraphMetadata,
    InitialSettings,
    InputStreamMetadata,
    InvalidMetadata,
    InvalidSettings,
    OutputStreamMetadata,
    RelayMetadata,
    SettingsField,
    TaskMetadata,
    TopicMetadata,
    UnitMetadata,
)

IN, OUT = InputStreamMetadata("IN", "SYS/U/IN", "float"), OutputStreamMetadata("OUT", "SYS/U/OUT", "float")
WORK = TaskMetadata("work", ("SYS/U/IN",), ("SYS/U/OUT",))


class Text(str):
    """A text that a decoder would give back as a plain one."""


def unit(address: str = "SYS/U", **fields: Any) -> UnitMetadata:
    ports = {"input_streams": {"IN": IN}, "output_streams": {"OUT": OUT}} if address == "SYS/U" else {}
    return UnitMetadata(address, address.rpartition("/")[2], "p.Unit", **{**ports, **fields})


def collection(address: str = "SYS", **fields: Any) -> CollectionMetadata:
    return CollectionMetadata(address, address.rpartition("/")[2], "p.System", **fields)


def graph(*components: Any, **fields: Any) -> GraphMetadata:
    units = {each.address: each for each in components if isinstance(each, UnitMetadata)}
    collections = {each.address: each for each in components if isinstance(each, CollectionMetadata)}
    return GraphMetadata(**{"units": units, "collections": collections, **fields})


def nested(depth: int) -> Any:
    return [nested(depth - 1)] if depth else []


def test_a_whole_graph_that_fits_together_is_taken():
    inner = collection(
        "SYS/C",
        topics={"T": TopicMetadata("T", "SYS/C/T", "float", "input")},
        relays={"R": RelayMetadata("R", "SYS/C/R", "float", "output", True, 1, False)},
    )
    worker = unit(
        tasks=(WORK,),
        main="window",
        threads=("poll",),
        dynamic_settings=DynamicSettingsMetadata(True, "SYS/U/IN", "float"),
    )
    made = graph(collection(children=("SYS/U", "SYS/C")), worker, inner, root_name="SYS")
    assert made.components == {"SYS": made.collections["SYS"], "SYS/U": worker, "SYS/C": inner}


FIELDS = {
    "an address by number": (lambda: UnitMetadata(5, "U", "p.Unit"), "UnitMetadata.address: is of type int, not str"),
    "an address in bytes": (lambda: TaskMetadata(b"work"), "TaskMetadata.name: is of type bytes, not str"),
    "a text of a class of its own": (lambda: TaskMetadata(Text("work")), "is of type Text, not str"),
    "a name that cannot be written": (lambda: TaskMetadata("\ud800"), "cannot be written"),
    "a topic that cannot be written": (lambda: TaskMetadata("work", ("\ud800",)), "cannot be written"),
    "a list for a tuple": (lambda: TaskMetadata("work", ["SYS/U/IN"]), "is of type list, not tuple"),
    "a number among texts": (lambda: TaskMetadata("work", (1,)), "TaskMetadata.subscribes[0]"),
    "leaky by number": (lambda: attrs.evolve(IN, leaky=1), "is of type int, not bool"),
    "a queue by truth": (lambda: attrs.evolve(IN, max_queue=True), "is of type bool, not int"),
    "a queue for nothing": (lambda: attrs.evolve(IN, max_queue=0), "its queue holds 0 messages"),
    "a queue without end": (lambda: attrs.evolve(IN, max_queue=2**31), "its queue holds 2.15e+09 messages"),
    "a relay's queue for nothing": (lambda: RelayMetadata("R", "S/R", "x", max_queue=0), "its queue holds 0"),
    "no direction": (lambda: TopicMetadata("T", "S/T", "x", "up"), "its direction is none of input, output, both"),
    "a relay both ways": (lambda: RelayMetadata("R", "S/R", "x", "both"), "its direction is none of input, output"),
    "an address that is no topic": (lambda: attrs.evolve(IN, address="SYS//IN"), "empty path segment"),
    "a name that is not the end of the address": (lambda: attrs.evolve(IN, name="U/IN"), "is not the end of"),
    "a component's name that is another": (lambda: attrs.evolve(unit(), name="V"), "its name 'V' is not the end"),
    "an address too long": (lambda: unit("x" * 1025), "longer than 1024"),
    "a component's own settings": (
        lambda: unit(initial_settings={}),
        "is of type dict, not InitialSettings or NoneType",
    ),
    "a readable form that is not plain": (lambda: InitialSettings((1, 2)), "readable: is not plain data"),
    "a readable form that is not finite": (lambda: InitialSettings({"gain": float("nan")}), "is not plain data"),
    "a readable form nested without end": (lambda: InitialSettings(nested(65)), "is not plain data"),
    "half a character inside a readable form": (lambda: InitialSettings(["\ud800"]), "is not plain data"),
    "a readable form of half a character": (lambda: InitialSettings("\ud800"), "cannot be written"),
    "settings pickled as text": (lambda: InitialSettings(None, "gASV"), "is of type str, not NoneType or bytes"),
    "a default that is not plain": (lambda: SettingsField("gain", "float", default=1j), "gain: is not plain data"),
    "choices that are not plain": (lambda: SettingsField("gain", "float", choices=(1j,)), "gain: is not plain data"),
    "a bound that is none": (lambda: SettingsField("gain", "float", minimum=float("inf")), "is not finite"),
    "an upper bound that is none": (lambda: SettingsField("gain", "float", maximum=float("nan")), "is not finite"),
    "a bound by truth": (lambda: SettingsField("gain", "float", minimum=True), "not NoneType or float or int"),
    "live settings from nowhere": (lambda: DynamicSettingsMetadata(True), "exactly when it names an input topic"),
    "live settings that are off": (lambda: DynamicSettingsMetadata(False, "A"), "exactly when it names an input topic"),
}
UNITS = {
    "an input under another name": (lambda: unit(input_streams={"OTHER": IN}), "SYS/U/OTHER: what is listed there"),
    "an input of another component": (
        lambda: unit("SYS/V", input_streams={"IN": IN}),
        "SYS/V/IN: what is listed there is 'SYS/U/IN'",
    ),
    "an output under another name": (lambda: unit(output_streams={"O": OUT}), "SYS/U/O: what is listed there"),
    "an output among the inputs": (lambda: unit(input_streams={"OUT": OUT}), "is of type OutputStreamMetadata"),
    "one name for both": (
        lambda: unit(output_streams={"IN": OutputStreamMetadata("IN", "SYS/U/IN", "x")}),
        "one name is an input and an output",
    ),
    "a key by number": (lambda: unit(input_streams={1: IN}), "(a key): is of type int"),
    "a task on a strange input": (lambda: unit(tasks=(attrs.evolve(WORK, subscribes=("A",)),)), "task 'work' uses"),
    "a task on a strange output": (lambda: unit(tasks=(attrs.evolve(WORK, publishes=("A",)),)), "task 'work' uses"),
    "a task from an output": (lambda: unit(tasks=(attrs.evolve(WORK, subscribes=("SYS/U/OUT",)),)), "'work' uses"),
    "one task twice": (lambda: unit(tasks=(WORK, WORK)), "two of its tasks have one name"),
    "a thread called like the main": (lambda: unit(main="a", threads=("a",)), "two of its tasks have one name"),
    "live settings by a strange topic": (
        lambda: unit(dynamic_settings=DynamicSettingsMetadata(True, "SYS/U/OUT")),
        "its settings come by a topic that is no input of it",
    ),
}
COLLECTIONS = {
    "a child twice": (lambda: collection(children=("SYS/U", "SYS/U")), "lists a child twice"),
    "a child of somebody else": (lambda: collection(children=("LAB/U",)), "'LAB/U' cannot be a child of it"),
    "a grandchild": (lambda: collection(children=("SYS/U/V",)), "'SYS/U/V' cannot be a child of it"),
    "a topic that is a relay": (
        lambda: collection(
            topics={"T": TopicMetadata("T", "SYS/T", "x")}, relays={"T": RelayMetadata("T", "SYS/T", "x")}
        ),
        "one name is a topic and a relay",
    ),
    "a topic under another name": (
        lambda: collection(topics={"S": TopicMetadata("T", "SYS/T", "x")}),
        "SYS/S: what is listed there is 'SYS/T'",
    ),
}
GRAPHS = {
    "another version": (lambda: graph(schema_version=2), "schema_version: it is 2, and this is a reader of 1"),
    "a version of half": (lambda: graph(schema_version=1.0), "is of type float, not int"),
    "a component under another address": (lambda: graph(units={"SYS/V": unit()}), "SYS/V: what is listed there"),
    "a collection among the units": (lambda: graph(units={"SYS": collection()}), "is of type CollectionMetadata"),
    "one address for two": (
        lambda: graph(units={"SYS/U": unit()}, collections={"SYS/U": collection("SYS/U")}),
        "one address is a unit and a collection",
    ),
    "a child that is not there": (lambda: graph(collection(children=("SYS/U",))), "its child 'SYS/U' is not there"),
    "a child that its parent does not know": (
        lambda: graph(collection(), unit()),
        "SYS/U: the component that it is in",
    ),
    "a component inside a unit": (lambda: graph(unit(), unit("SYS/U/V")), "SYS/U/V: the component that it is in"),
    "a root that is not there": (lambda: graph(unit(), root_name="SYS"), "'SYS' is none of its components"),
}
ALL = {**FIELDS, **UNITS, **COLLECTIONS, **GRAPHS}


@pytest.mark.parametrize(("make", "reason"), ALL.values(), ids=ALL)
def test_no_record_holds(make, reason):
    with pytest.raises(InvalidMetadata) as caught:
        make()
    assert reason in str(caught.value)


def test_nobody_has_to_know_all_versions():
    assert graph().schema_version == SCHEMA_VERSION == 1


def test_a_component_without_its_parent_is_taken_and_so_is_a_root_by_name_alone():
    assert graph(unit(), root_name="SYS/U").components.keys() == {"SYS/U"}
    assert GraphMetadata("SYS").root_name == "SYS"


def test_whole_numbers_bound_as_well_as_others_do():
    assert SettingsField("gain", "int", minimum=0, maximum=1.5).minimum == 0


def test_settings_without_bytes_cannot_be_loaded_and_say_why():
    with pytest.raises(InvalidSettings, match="holds secrets"):
        InitialSettings(None, None, "holds secrets").load()
    with pytest.raises(InvalidSettings, match="were not pickled"):
        InitialSettings().load()
    assert InitialSettings(None, pickle.dumps([1])).load() == [1]


def test_records_survive_pickling():
    made = graph(collection(children=("SYS/U",)), unit(tasks=(WORK,)))
    assert pickle.loads(pickle.dumps(made)) == made
