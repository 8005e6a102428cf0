"""Units and collections: templates on the class, everything of one's own on the instance."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import attrs
import pytest

from graphmeta import (
    Collection,
    InputRelay,
    InputStream,
    InputTopic,
    InvalidComponent,
    InvalidTopic,
    OutputRelay,
    OutputStream,
    TaskSpec,
    Unit,
    bind,
    bind_all,
    components_of,
    main,
    publisher,
    streams_of,
    subscriber,
    task,
    tasks_of,
    thread,
)


@attrs.frozen
class GainSettings:
    gain: float = 1.0


@attrs.frozen
class Required:
    gain: float


@dataclass
class Counted:
    seen: list[float] = field(default_factory=list)


class Gain(Unit):
    SETTINGS = GainSettings
    STATE = Counted
    INPUT = InputStream(float)
    OUTPUT = OutputStream(float)

    @subscriber(INPUT)
    @publisher(OUTPUT)
    async def scale(self, value: float) -> AsyncIterator[tuple[Any, float]]:
        self.state.seen.append(value)
        yield self.OUTPUT, value * self.settings.gain


class Source(Unit):
    SETTINGS = Required
    OUTPUT = OutputStream(float)

    @publisher(OUTPUT)
    async def count(self) -> AsyncIterator[tuple[Any, float]]:
        yield self.OUTPUT, self.settings.gain


class Inner(Collection):
    INPUT = InputTopic(float)
    GAIN = Gain(GainSettings(2.0))


class System(Collection):
    SETTINGS = GainSettings
    SOURCE = Source()
    INNER = Inner()
    LAST = Gain()

    def configure(self) -> None:
        self.SOURCE.apply_settings(Required(self.settings.gain))
        self.INNER.GAIN.apply_settings(GainSettings(self.settings.gain * 10))


def task_named(unit: Unit, name: str) -> TaskSpec:
    return {each.name: each for each in tasks_of(unit)}[name]


# -- instances -----------------------------------------------------------------------------------------------


def test_streams_of_a_class_are_templates_and_each_instance_has_its_own():
    one, two = Gain(), Gain()
    assert len({id(each) for each in (Gain.INPUT, one.INPUT, two.INPUT)}) == 3
    assert one.INPUT.message_type is float
    assert (one.INPUT.name, Gain.INPUT.name) == ("INPUT", "")
    assert streams_of(one) == {"INPUT": one.INPUT, "OUTPUT": one.OUTPUT}


def test_components_of_a_collection_are_templates_down_to_the_last_level():
    one, two = System(), System()
    assert one.INNER.GAIN is not two.INNER.GAIN
    assert one.INNER is not System.INNER
    assert components_of(one) == {"SOURCE": one.SOURCE, "INNER": one.INNER, "LAST": one.LAST}
    assert components_of(one.LAST) == {}


def test_a_template_keeps_the_settings_it_was_made_with():
    assert System().INNER.GAIN.settings == GainSettings(2.0)


def test_settings_given_to_a_template_later_reach_every_copy_of_it_also_those_inside():
    class Louder(Collection):
        ONE = Gain()
        IN = Inner()
        ONE.apply_settings(GainSettings(3.0))
        IN.GAIN.apply_settings(GainSettings(4.0))

    louder = Louder()
    assert (louder.ONE.settings, louder.IN.GAIN.settings) == (GainSettings(3.0), GainSettings(4.0))


def test_a_component_with_its_own_constructor_is_made_again_with_the_same_arguments():
    class Named(Unit):
        def __init__(self, label: str, *, loud: bool = False) -> None:
            super().__init__()
            self.label, self.loud = label, loud
            self.calls: list[str] = []

    class Two(Collection):
        NAMED = Named("a", loud=True)

    one, two = Two(), Two()
    assert (one.NAMED.label, one.NAMED.loud) == ("a", True)
    assert one.NAMED.calls is not two.NAMED.calls


def test_an_instance_has_its_ports_even_if_its_constructor_forgets_the_base():
    class Forgetful(Unit):
        INPUT = InputStream(float)

        def __init__(self) -> None:
            self.ready = True

    assert Forgetful().INPUT.name == "INPUT"


# -- settings and state --------------------------------------------------------------------------------------


def test_settings_are_read_under_both_names_and_the_class_keeps_the_declared_one():
    unit = Gain(GainSettings(2.0))
    assert unit.SETTINGS is unit.settings
    assert unit.settings == GainSettings(2.0)
    assert Gain.SETTINGS is GainSettings


@pytest.mark.parametrize(
    "make", [lambda: Gain(GainSettings(2.0)), lambda: Gain(settings=GainSettings(2.0)), lambda: Gain(gain=2.0)]
)
def test_settings_are_given_by_position_by_keyword_or_field_by_field(make):
    assert make().settings == GainSettings(2.0)


def test_without_settings_the_defaults_stand():
    assert Gain().settings == GainSettings()
    assert Gain(None).settings == GainSettings()


def test_a_component_that_declares_no_settings_has_none():
    assert (Inner().settings, Inner().SETTINGS, Inner().state) == (None, None, None)


def test_settings_may_be_of_a_subclass():
    @attrs.frozen
    class Finer(GainSettings):
        fine: float = 0.0

    assert Gain(Finer(2.0, 0.5)).settings == Finer(2.0, 0.5)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Gain(2.0), "takes GainSettings, not float"),
        (lambda: Gain(GainSettings(), GainSettings()), "given twice"),
        (lambda: Gain(GainSettings(), gain=2.0), "given twice"),
        (lambda: Gain().apply_settings(None), "takes GainSettings, not NoneType"),
        (lambda: Inner(GainSettings()), "is not declared"),
        (lambda: Inner(gain=1.0), "is not declared"),
        (lambda: Source().settings, "none were given"),
    ],
)
def test_wrong_settings_are_refused_with_the_class_and_the_reason(make, reason):
    with pytest.raises(InvalidComponent, match=r"^(Gain|Inner|Source)\.SETTINGS: ") as caught:
        make()
    assert reason in str(caught.value)


def test_assigning_to_the_old_names_is_the_same_as_the_new_ones():
    unit = Gain()
    unit.SETTINGS = GainSettings(5.0)
    unit.STATE = Counted([1.0])
    assert (unit.settings, unit.state) == (GainSettings(5.0), Counted([1.0]))
    with pytest.raises(InvalidComponent, match="takes GainSettings"):
        unit.SETTINGS = 5.0


def test_each_instance_has_a_state_of_its_own_made_when_it_is_asked_for():
    one, two = Gain(), Gain()
    one.state.seen.append(1.0)
    assert one.STATE is one.state
    assert (one.state, two.state) == (Counted([1.0]), Counted())
    assert Gain.STATE is Counted


# -- inheritance ---------------------------------------------------------------------------------------------


def test_a_subclass_has_the_streams_tasks_settings_and_state_of_its_bases():
    class More(Gain):
        EXTRA = OutputStream(str)

        @publisher(EXTRA)
        async def talk(self) -> AsyncIterator[tuple[Any, str]]:
            yield self.EXTRA, "a"

    unit = More(GainSettings(2.0))
    assert [*streams_of(unit)] == ["INPUT", "OUTPUT", "EXTRA"]
    assert [each.name for each in tasks_of(unit)] == ["scale", "talk"]
    assert task_named(unit, "scale").subscribes is unit.INPUT
    assert unit.state == Counted()


def test_a_stream_declared_anew_takes_the_place_of_the_inherited_one_also_for_inherited_tasks():
    class Leaky(Gain):
        INPUT = InputStream(float, leaky=True, max_queue=2)

    unit = Leaky()
    assert task_named(unit, "scale").subscribes is unit.INPUT
    assert (unit.INPUT.leaky, unit.INPUT.max_queue) == (True, 2)


def test_an_override_without_decorators_keeps_the_task_and_its_streams():
    class Negated(Gain):
        async def scale(self, value: float) -> AsyncIterator[tuple[Any, float]]:
            yield self.OUTPUT, -value

    unit = Negated()
    spec = task_named(unit, "scale")
    assert (spec.function, spec.subscribes, spec.publishes) == (unit.scale, unit.INPUT, (unit.OUTPUT,))


def test_what_a_subclass_sets_to_none_is_no_longer_declared():
    class Silent(Gain):
        SETTINGS = None
        scale = None
        OUTPUT = None

    assert (tasks_of(Silent()), [*streams_of(Silent())], Silent().settings) == ((), ["INPUT"], None)


def test_a_mixin_that_is_no_component_brings_streams_and_tasks():
    class Ticks:
        TICK = InputStream(int)

        @subscriber(TICK)
        async def tick(self, number: int) -> None: ...

    class Clocked(Ticks, Gain):
        pass

    unit = Clocked()
    assert task_named(unit, "tick").subscribes is unit.TICK


def test_several_bases_with_one_settings_class_agree_and_a_narrower_one_wins():
    @attrs.frozen
    class Finer(GainSettings):
        pass

    class Same(Unit):
        SETTINGS = GainSettings

    class Narrow(Unit):
        SETTINGS = Finer

    class Both(Narrow, Same):
        pass

    assert Both.SETTINGS is Finer


def test_units_and_streams_may_be_generic():
    message = TypeVar("message")

    class Pipe(Unit, Generic[message]):
        INPUT: InputStream[message] = InputStream(Any)

        @subscriber(INPUT)
        async def take(self, value: message) -> None: ...

    unit = Pipe[int]()
    assert task_named(unit, "take").subscribes is unit.INPUT


def test_collections_inherit_their_components_and_may_replace_them():
    class Other(System):
        LAST = Source(Required(1.0))

    assert [*components_of(Other())] == ["SOURCE", "INNER", "LAST"]
    assert isinstance(Other().LAST, Source)


# -- tasks ---------------------------------------------------------------------------------------------------


def test_every_kind_of_task_is_listed_with_its_own_streams_in_the_order_of_declaration():
    class Busy(Unit):
        IN = InputStream(float)
        ONE = OutputStream(float)
        TWO = OutputStream(str)

        @subscriber(IN)
        @publisher(ONE, TWO)
        async def both(self, value: float) -> AsyncIterator[tuple[Any, Any]]:
            yield self.ONE, value

        @publisher(ONE)
        @publisher(TWO)
        async def source(self) -> AsyncIterator[tuple[Any, Any]]:
            yield self.TWO, "a"

        @task
        async def idle(self) -> None: ...

        @main
        def window(self) -> None: ...

        @thread
        def poll(self) -> None: ...

        @thread
        def watch(self, stopping: Any) -> None: ...

    unit = Busy()
    assert [(each.name, each.kind, each.subscribes, each.publishes) for each in tasks_of(unit)] == [
        ("both", "task", unit.IN, (unit.ONE, unit.TWO)),
        ("source", "task", None, (unit.ONE, unit.TWO)),
        ("idle", "task", None, ()),
        ("window", "main", None, ()),
        ("poll", "thread", None, ()),
        ("watch", "thread", None, ()),
    ]
    assert task_named(unit, "idle").function == unit.idle


async def test_the_function_of_a_task_is_bound_to_its_unit():
    unit = Gain(gain=3.0)
    assert [pair async for pair in task_named(unit, "scale").function(2.0)] == [(unit.OUTPUT, 6.0)]


def test_collections_have_no_tasks():
    assert tasks_of(System()) == ()


# -- binding -------------------------------------------------------------------------------------------------


def test_binding_gives_every_component_and_port_its_address():
    system = bind("SYS", System())
    assert (system.name, system.address) == ("SYS", "SYS")
    assert (system.INNER.GAIN.name, system.INNER.GAIN.address) == ("GAIN", "SYS/INNER/GAIN")
    assert system.INNER.INPUT.address == "SYS/INNER/INPUT"
    assert repr(system.INNER.GAIN.OUTPUT) == "<OutputStream SYS/INNER/GAIN/OUTPUT>"


def test_a_root_may_have_a_path_for_a_name():
    system = bind("LAB/SYS", System())
    assert (system.name, system.INNER.address) == ("SYS", "LAB/SYS/INNER")


def test_before_binding_there_is_a_name_of_neither_component_nor_port_address():
    unit = Gain()
    assert (unit.name, unit.address) == (None, None)
    assert repr(unit.INPUT) == "<InputStream Gain.INPUT>"
    assert repr(Gain.INPUT) == "<InputStream of float>"
    with pytest.raises(InvalidComponent, match=r"^Gain\.INPUT: it has no address before"):
        _ = unit.INPUT.address


def test_collections_are_configured_from_the_top_down_and_know_their_address_then():
    order: list[str | None] = []

    class Leaf(Collection):
        def configure(self) -> None:
            order.append(self.address)

    class Middle(Leaf):
        LEAF = Leaf()

    class Top(Leaf):
        ONE = Middle()
        TWO = Leaf()

    bind("TOP", Top())
    assert order == ["TOP", "TOP/ONE", "TOP/ONE/LEAF", "TOP/TWO"]


def test_configuring_hands_settings_down():
    system = bind("SYS", System(gain=7.0))
    assert system.SOURCE.settings == Required(7.0)
    assert system.INNER.GAIN.settings == GainSettings(70.0)


def test_a_component_that_nobody_gave_its_settings_cannot_be_bound():
    with pytest.raises(InvalidComponent, match=r"^SYS\.SETTINGS: none were given, and there are no defaults: .*gain"):
        bind("SYS", Source())


def test_an_instance_is_bound_once_because_it_runs_once():
    unit = bind("A", Gain())
    with pytest.raises(InvalidComponent, match=r"^Gain\.B: this instance is A already"):
        bind("B", unit)
    with pytest.raises(InvalidComponent, match="is ONE already"):
        bind_all(dict.fromkeys(("ONE", "TWO"), Gain()))


def test_roots_are_bound_together_and_none_lies_inside_another():
    roots = {"A": Gain(), "AB": Gain()}
    assert bind_all(roots) == roots
    assert [each.address for each in roots.values()] == ["A", "AB"]
    with pytest.raises(InvalidComponent, match="lies inside of A"):
        bind_all({"A/B": Gain(), "A": Gain()})


@pytest.mark.parametrize("name", ["", "a//b", " ", "a\0b", "\ud800"])
def test_a_root_needs_a_name_that_is_a_topic(name):
    with pytest.raises(InvalidTopic):
        bind(name, Gain())


def test_relays_name_the_topics_on_both_of_their_sides():
    class Behind(Collection):
        IN = InputRelay(float, leaky=True, max_queue=4, copy_on_forward=False)
        OUT = OutputRelay(float)

    behind = bind("SYS", Behind())
    assert (behind.IN.takes_from, behind.IN.sends_to) == ("SYS/IN", "SYS/IN/inside")
    assert (behind.OUT.takes_from, behind.OUT.sends_to) == ("SYS/OUT/inside", "SYS/OUT")
    assert (behind.IN.leaky, behind.IN.max_queue, behind.IN.copy_on_forward) == (True, 4, False)
    assert (behind.OUT.leaky, behind.OUT.max_queue, behind.OUT.copy_on_forward) == (False, 32, True)


def test_what_is_no_instance_of_a_component_is_refused_by_name():
    with pytest.raises(InvalidComponent, match=r"^Gain\.A: is a class; make an instance of it: Gain\(\.\.\.\)$"):
        bind("A", Gain)
    with pytest.raises(InvalidComponent, match=r"^str\.A: is neither a unit nor a collection$"):
        bind("A", "Gain")
