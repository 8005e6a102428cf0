"""From components to the records that describe them."""

import threading
from collections.abc import AsyncIterator
from typing import Annotated, Any

import attrs
import pytest

from graphmeta import (
    REDACTED,
    Collection,
    CollectionMetadata,
    DynamicSettingsMetadata,
    GraphMetadata,
    InputRelay,
    InputStream,
    InputStreamMetadata,
    InputTopic,
    InvalidComponent,
    OutputRelay,
    OutputStream,
    OutputStreamMetadata,
    OutputTopic,
    RelayMetadata,
    Secret,
    TaskMetadata,
    Topic,
    TopicMetadata,
    Unit,
    UnitMetadata,
    bind,
    bind_all,
    capture,
    crawl_components,
    describe,
    describe_slices,
    main,
    publisher,
    settings_schema,
    subscriber,
    task,
    thread,
)


@attrs.frozen
class GainSettings:
    gain: float = 1.0


@attrs.frozen
class Locked:
    lock: Any


@attrs.frozen
class Login:
    user: str
    password: Annotated[str, Secret]


class Gain(Unit):
    SETTINGS = GainSettings
    INPUT_SETTINGS = InputStream(GainSettings)
    INPUT = InputStream(float, leaky=True, max_queue=4)
    OUTPUT = OutputStream(list[float])

    @subscriber(INPUT)
    @publisher(OUTPUT)
    async def scale(self, value: float) -> AsyncIterator[tuple[Any, list[float]]]:
        yield self.OUTPUT, [value * self.settings.gain]

    @task
    async def idle(self) -> None: ...

    @main
    def window(self) -> None: ...

    @thread
    def poll(self) -> None: ...


class Bare(Unit):
    pass


class Inner(Collection):
    SETTINGS = GainSettings
    INPUT_SETTINGS = InputStream(GainSettings)
    INPUT = InputTopic(float)
    OUTPUT = OutputTopic(float | None)
    BOTH = Topic(Any)
    OLD_OUT = OutputStream(float)
    IN_RELAY = InputRelay(float, leaky=True, max_queue=2, copy_on_forward=False)
    OUT_RELAY = OutputRelay(float)
    BARE = Bare()


class System(Collection):
    GAIN = Gain(GainSettings(2.0))
    INNER = Inner()


def name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def unit(address: str, **fields: Any) -> UnitMetadata:
    return UnitMetadata(address, address.rpartition("/")[2], name(Bare), **fields)


# -- crawling ------------------------------------------------------------------------------------------------


def test_a_crawl_yields_parents_before_children_in_order_of_declaration():
    system = System()
    assert [*crawl_components(system)] == [system, system.GAIN, system.INNER, system.INNER.BARE]


def test_a_crawl_can_begin_at_any_instance_also_at_a_template_or_a_unit():
    assert [*crawl_components(System.INNER)] == [System.INNER, System.INNER.BARE]
    assert [type(each) for each in crawl_components(Gain())] == [Gain]


def test_components_that_a_class_inherits_are_crawled_first():
    class More(System):
        LAST = Bare()

    assert [each.address for each in crawl_components(bind("SYS", More()))] == [
        "SYS",
        "SYS/GAIN",
        "SYS/INNER",
        "SYS/INNER/BARE",
        "SYS/LAST",
    ]


# -- describing ----------------------------------------------------------------------------------------------


def test_a_unit_is_described_with_its_streams_tasks_and_settings():
    assert describe(bind("SYS", System())).units["SYS/GAIN"] == UnitMetadata(
        "SYS/GAIN",
        "GAIN",
        name(Gain),
        name(GainSettings),
        capture(GainSettings(2.0)),
        settings_schema(GainSettings),
        DynamicSettingsMetadata(True, "SYS/GAIN/INPUT_SETTINGS", name(GainSettings)),
        {
            "INPUT_SETTINGS": InputStreamMetadata("INPUT_SETTINGS", "SYS/GAIN/INPUT_SETTINGS", name(GainSettings)),
            "INPUT": InputStreamMetadata("INPUT", "SYS/GAIN/INPUT", "float", True, 4),
        },
        {"OUTPUT": OutputStreamMetadata("OUTPUT", "SYS/GAIN/OUTPUT", "list[float]")},
        (TaskMetadata("scale", ("SYS/GAIN/INPUT",), ("SYS/GAIN/OUTPUT",)), TaskMetadata("idle")),
        "window",
        ("poll",),
    )


def test_a_collection_is_described_with_its_children_topics_and_relays():
    assert describe(bind("SYS", System())).collections == {
        "SYS": CollectionMetadata("SYS", "SYS", name(System), children=("SYS/GAIN", "SYS/INNER")),
        "SYS/INNER": CollectionMetadata(
            "SYS/INNER",
            "INNER",
            name(Inner),
            name(GainSettings),
            capture(GainSettings()),
            settings_schema(GainSettings),
            children=("SYS/INNER/BARE",),
            topics={
                "INPUT_SETTINGS": TopicMetadata(
                    "INPUT_SETTINGS", "SYS/INNER/INPUT_SETTINGS", name(GainSettings), "input"
                ),
                "INPUT": TopicMetadata("INPUT", "SYS/INNER/INPUT", "float", "input"),
                "OUTPUT": TopicMetadata("OUTPUT", "SYS/INNER/OUTPUT", "float | None", "output"),
                "BOTH": TopicMetadata("BOTH", "SYS/INNER/BOTH", "Any", "both"),
                "OLD_OUT": TopicMetadata("OLD_OUT", "SYS/INNER/OLD_OUT", "float", "output"),
            },
            relays={
                "IN_RELAY": RelayMetadata("IN_RELAY", "SYS/INNER/IN_RELAY", "float", "input", True, 2, False),
                "OUT_RELAY": RelayMetadata("OUT_RELAY", "SYS/INNER/OUT_RELAY", "float", "output"),
            },
        ),
    }


def test_a_single_root_is_named_and_several_are_not():
    assert describe(bind("ONE", Bare())) == GraphMetadata("ONE", {"ONE": unit("ONE")})
    two = bind_all({"A": Bare(), "B": Bare()})
    assert describe(*two.values()) == GraphMetadata("", {"A": unit("A"), "B": unit("B")})
    assert describe() == GraphMetadata()


def test_a_root_below_another_name_is_described_alone():
    system = bind("LAB/SYS", System())
    assert describe(system.INNER.BARE).root_name == "LAB/SYS/INNER/BARE"
    assert describe(system).collections.keys() == {"LAB/SYS", "LAB/SYS/INNER"}


def test_what_is_not_bound_yet_is_described_under_the_name_of_its_class():
    assert describe(System()).components.keys() == {"System", "System/GAIN", "System/INNER", "System/INNER/BARE"}
    assert describe(System.INNER).root_name == "Inner"


def test_describing_in_slices_pauses_after_every_component_and_ends_with_the_whole():
    system = bind("SYS", System())
    slices = describe_slices(system)
    addresses = [component.address for component in crawl_components(system)]
    assert [next(slices) for _ in addresses] == addresses
    with pytest.raises(StopIteration) as caught:
        next(slices)
    assert caught.value.value == describe(system)


def test_two_roots_with_one_address_are_refused():
    with pytest.raises(InvalidComponent, match=r"^Bare\.name: two components have this address"):
        describe(Bare(), Bare())


def test_settings_that_cannot_be_pickled_are_described_with_the_reason():
    class Stuck(Unit):
        SETTINGS = Locked

    described = describe(bind("U", Stuck(Locked(threading.Lock())))).units["U"].initial_settings
    assert described is not None
    assert described.pickled is None
    assert "pickle" in described.reason
    assert "lock" in described.readable


def test_secret_settings_are_described_without_their_secrets():
    class Private(Unit):
        SETTINGS = Login

    described = describe(bind("U", Private(Login("anna", "p4ss")))).units["U"]
    assert described.initial_settings.readable == {"user": "anna", "password": REDACTED}
    assert described.initial_settings.pickled is None
    assert "p4ss" not in str(described)


def test_settings_that_are_still_to_come_are_described_by_their_schema_and_the_reason():
    class Later(Unit):
        SETTINGS = Login

    described = describe(Later()).units["Later"]
    assert "none were given" in described.initial_settings.reason
    assert [each.path for each in described.settings_schema] == ["user", "password"]


def test_initial_settings_are_loaded_by_whoever_trusts_them():
    initial = describe(bind("U", Gain(gain=3.0))).units["U"].initial_settings
    assert initial.load() == GainSettings(3.0)
