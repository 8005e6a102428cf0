"""What is declared wrongly is refused when the class is created, with the class, the attribute and the reason."""

import functools
import types
from abc import ABC
from typing import Any, Protocol, TypedDict

import attrs
import pytest

from graphmeta import (
    Collection,
    Component,
    InputRelay,
    InputStream,
    InputTopic,
    InvalidComponent,
    OutputStream,
    Topic,
    Unit,
    main,
    publisher,
    subscriber,
    task,
    thread,
)


@attrs.frozen
class One:
    value: int = 1


@attrs.frozen
class Two:
    value: int = 2


class Base(Unit):
    SETTINGS = One
    INPUT = InputStream(float)
    OUTPUT = OutputStream(float)


class TakesTwo(Unit):
    SETTINGS = Two


class HasMain(Unit):
    @main
    def window(self) -> None: ...


class HasOther(Unit):
    @main
    def other(self) -> None: ...


async def consume(self, message): ...


async def generate(self):
    yield 1


async def respond(self, message):
    yield message


def plain(self): ...


class Keys(TypedDict):
    key: int


class Quacks(Protocol):
    def quack(self) -> None: ...


def wrapped(function):
    return functools.wraps(function)(lambda *args: function(*args))


UNITS = {
    "a stream that carries no type": ({"IN": InputStream("float")}, "IN", "'float' is no message type"),
    "a stream that carries a value": ({"IN": InputStream(3)}, "IN", "3 is no message type"),
    "a queue for nothing": ({"IN": InputStream(int, max_queue=0)}, "IN", "max_queue must be"),
    "a queue of half a message": ({"IN": InputStream(int, max_queue=0.5)}, "IN", "max_queue must be"),
    "a queue without end": ({"IN": InputStream(int, max_queue=2**31)}, "IN", "max_queue must be"),
    "leaky by number": ({"IN": InputStream(int, leaky=1)}, "IN", "leaky must be True or False"),
    "a topic": ({"IN": Topic(int)}, "IN", "is of class Topic, and a unit has input and output streams only"),
    "a relay": ({"IN": InputRelay(int)}, "IN", "is of class InputRelay"),
    "a component": ({"PART": Base()}, "PART", "is a component inside a unit"),
    "a class for a stream": ({"IN": InputStream}, "IN", "is a class; make an instance of it: InputStream(...)"),
    "a name that is taken": ({"settings": InputStream(int)}, "settings", "every component has already"),
    "a task called initialize": ({"initialize": task(lambda: 1)}, "initialize", "every component has already"),
    "a name with a slash": ({"IN/OUT": InputStream(int)}, "IN/OUT", "is no name that Python code can use"),
    "one stream twice": (dict.fromkeys(("A", "B"), InputStream(int)), "B", "is the same object as A"),
    "an alias of a base's stream": ({"A": Base.INPUT}, "A", "is the same object as INPUT"),
    "settings that are an instance": ({"SETTINGS": One()}, "SETTINGS", "must be a class with instances, not One(value"),
    "settings that are a typed dict": ({"SETTINGS": Keys}, "SETTINGS", "must be a class with instances, not Keys"),
    "settings that are a protocol": ({"SETTINGS": Quacks}, "SETTINGS", "must be a class with instances, not Quacks"),
    "a state that is an instance": ({"STATE": 3}, "STATE", "must be a class with instances, not 3"),
    "a state that is a stream": ({"STATE": InputStream(int)}, "STATE", "must be a class with instances"),
    "initialize that does not wait": ({"initialize": plain}, "initialize", "must be async def"),
    "shutdown that is no method": ({"shutdown": 3}, "shutdown", "must be a plain method, not 3"),
    "shutdown that yields": ({"shutdown": generate}, "shutdown", "must be a plain method"),
    "live settings of another class": (
        {"INPUT_SETTINGS": InputStream(Two)},
        "INPUT_SETTINGS",
        "takes Two, but SETTINGS is One",
    ),
    "live settings of any class": ({"INPUT_SETTINGS": InputStream(Any)}, "INPUT_SETTINGS", "but SETTINGS is One"),
    "live settings of no class": ({"INPUT_SETTINGS": InputStream(None)}, "INPUT_SETTINGS", "takes None, but SETTINGS"),
    "live settings going out": ({"INPUT_SETTINGS": OutputStream(One)}, "INPUT_SETTINGS", "must be an InputStream"),
    "live settings without any": (
        {"SETTINGS": None, "INPUT_SETTINGS": InputStream(One)},
        "INPUT_SETTINGS",
        "SETTINGS is not declared",
    ),
}
OWN_IN, OWN_OUT = InputStream(float), OutputStream(float)
TASKS = {
    "a subscriber to a text": (lambda: subscriber("INPUT")(consume), "@subscriber needs an InputStream, not 'INPUT'"),
    "a subscriber to an output": (
        lambda: subscriber(OWN_OUT)(consume),
        "@subscriber needs an InputStream, not <OutputStream of float>",
    ),
    "a publisher on an input": (
        lambda: publisher(OWN_IN)(generate),
        "@publisher needs an OutputStream, not <InputStream of float>",
    ),
    "a publisher on nothing": (lambda: publisher()(generate), "@publisher needs an OutputStream, not None"),
    "a subscriber to a stranger": (
        lambda: subscriber(InputStream(int))(consume),
        "@subscriber names <InputStream of int>, which the class does not declare",
    ),
    "a publisher on a stranger": (
        lambda: publisher(HasStreams.OUTPUT)(generate),
        "@publisher names <OutputStream of str>, which the class does not declare",
    ),
    "two subscriptions": (
        lambda: subscriber(OWN_IN)(subscriber(Base.INPUT)(consume)),
        "subscribes to two streams; a task takes messages from one",
    ),
    "one subscription twice": (lambda: subscriber(OWN_IN)(subscriber(OWN_IN)(consume)), "subscribes to two streams"),
    "one output twice": (lambda: publisher(OWN_OUT, OWN_OUT)(generate), "publishes on one stream twice"),
    "a task that does not wait": (lambda: task(plain), "must be async def"),
    "a subscriber that does not wait": (lambda: subscriber(OWN_IN)(lambda self, message: None), "must be async def"),
    "a publisher that only waits": (lambda: publisher(OWN_OUT)(consume), "it must yield pairs of stream and message"),
    "a task that yields": (lambda: task(generate), "yields, but publishes nothing"),
    "a subscriber that yields": (lambda: subscriber(OWN_IN)(respond), "yields, but publishes nothing"),
    "a subscriber without message": (lambda: subscriber(OWN_IN)(idle), "must take self and the message"),
    "a subscriber with more": (lambda: subscriber(OWN_IN)(two_messages), "must take self and the message"),
    "a source with a message": (lambda: publisher(OWN_OUT)(respond), "must take self alone"),
    "a static method": (lambda: task(staticmethod(idle)), "must be a plain method, not <staticmethod"),
    "a static method inside out": (lambda: staticmethod(task(idle)), "must be a plain method, not <staticmethod"),
    "a wrapper that is no coroutine": (lambda: wrapped(task(idle)), "must be async def"),
    "a task and a thread": (lambda: thread(task(idle)), "is decorated twice: @thread, @task"),
    "a main that subscribes": (lambda: main(subscriber(OWN_IN)(plain)), "is @main, which neither subscribes nor"),
    "a thread that publishes": (lambda: publisher(OWN_OUT)(thread(plain)), "is @thread, which neither subscribes nor"),
    "a main that waits": (lambda: main(idle), "is @main, which runs in a thread: it must not be async"),
    "a thread that yields": (lambda: thread(generate), "is @thread, which runs in a thread: it must not be async"),
    "a main with two": (lambda: main(lambda self, one, two: None), "must take self alone, or the event"),
    "a thread with two": (lambda: thread(lambda self, one, two: None), "must take self alone, or the event"),
}
COLLECTIONS = {
    "a task": ({"idle": task(lambda self: None)}, "idle", "is a task in a collection"),
    "an input with a queue": ({"IN": InputStream(int, leaky=True)}, "IN", "use an InputRelay"),
    "a relay that copies by number": ({"IN": InputRelay(int, copy_on_forward=1)}, "IN", "copy_on_forward must be True"),
    "a class for a component": ({"PART": Base}, "PART", "is a class; make an instance of it: Base(...)"),
    "one component twice": (dict.fromkeys(("A", "B"), Base()), "B", "is the same object as A"),
    "a component called network": ({"network": Base()}, "network", "every component has already"),
    "a configure that waits": ({"configure": consume}, "configure", "must not be async"),
    "a network that is a value": ({"network": ()}, "network", "must be a plain method, not ()"),
}


class HasStreams(Unit):
    OUTPUT = OutputStream(str)


async def idle(self): ...


async def two_messages(self, one, two): ...


def fresh(function):
    """Return a function like this one that no decorator has marked."""
    return type(function)(function.__code__, function.__globals__, closure=function.__closure__)


@pytest.fixture(autouse=True)
def unmarked(monkeypatch):
    for name in ("consume", "generate", "respond", "plain", "idle", "two_messages"):
        monkeypatch.setitem(globals(), name, fresh(globals()[name]))


@pytest.mark.parametrize(("attributes", "attribute", "reason"), UNITS.values(), ids=UNITS)
def test_a_unit_cannot_declare(attributes, attribute, reason):
    with pytest.raises(InvalidComponent) as caught:
        type("Wrong", (Base,), attributes)
    assert (caught.value.component, caught.value.attribute) == ("Wrong", attribute)
    assert reason in caught.value.reason


@pytest.mark.parametrize(("decorate", "reason"), TASKS.values(), ids=TASKS)
def test_a_unit_cannot_do(decorate, reason):
    with pytest.raises(InvalidComponent) as caught:
        type("Wrong", (Base,), {"IN": OWN_IN, "OUT": OWN_OUT, "work": decorate()})
    assert (caught.value.component, caught.value.attribute) == ("Wrong", "work")
    assert reason in caught.value.reason


@pytest.mark.parametrize(("attributes", "attribute", "reason"), COLLECTIONS.values(), ids=COLLECTIONS)
def test_a_collection_cannot_declare(attributes, attribute, reason):
    with pytest.raises(InvalidComponent) as caught:
        type("Wrong", (Collection,), attributes)
    assert (caught.value.component, caught.value.attribute) == ("Wrong", attribute)
    assert reason in caught.value.reason


def test_the_message_names_class_attribute_and_reason():
    with pytest.raises(InvalidComponent) as caught:

        class Wrong(Unit):
            INPUT = InputStream(float)

            @subscriber(INPUT)
            def take(self, value: float) -> None: ...

    here = test_the_message_names_class_attribute_and_reason.__name__
    assert str(caught.value) == f"{here}.<locals>.Wrong.take: must be async def"


@pytest.mark.parametrize("decorator", [subscriber, publisher])
def test_a_decorator_without_its_stream_is_refused_where_it_stands(decorator):
    with pytest.raises(InvalidComponent, match=r"Wrong\.take: @\w+ needs its stream: @\w+\(STREAM\)$"):

        class Wrong(Unit):
            @decorator
            async def take(self, value: float) -> None: ...


def test_settings_that_are_annotated_but_not_assigned_are_refused():
    with pytest.raises(InvalidComponent, match="is annotated, not assigned; write SETTINGS = THE_CLASS"):

        class Wrong(Unit):
            SETTINGS: One


def test_an_annotation_may_narrow_what_a_base_assigned():
    class Fine(Base):
        SETTINGS: type[One]

    assert Fine.SETTINGS is One


def test_two_bases_that_disagree_about_settings_or_state_are_refused():
    with pytest.raises(InvalidComponent, match=r"Both\.SETTINGS: is One in one base and Two in another; say which"):

        class Both(Base, TakesTwo):
            pass

    class Settled(Base, TakesTwo):
        SETTINGS = Two

    assert Settled.SETTINGS is Two


def test_a_unit_has_one_main_function_also_from_several_bases():
    with pytest.raises(InvalidComponent, match=r"Both\.window: is a second @main beside other"):

        class Both(HasMain, HasOther):
            pass

    class Settled(HasMain, HasOther):
        other = None

    assert Settled()


def test_an_inherited_task_needs_its_stream_to_stay_what_it_was():
    class Takes(Base):
        IN = InputStream(float)

        @subscriber(IN)
        async def take(self, value: float) -> None: ...

    with pytest.raises(InvalidComponent, match=r"Wrong\.take: @subscriber names IN, which is no InputStream here"):

        class Wrong(Takes):
            IN = OutputStream(float)


def test_an_override_must_still_fit_the_inherited_task():
    class Takes(Base):
        IN = InputStream(float)

        @subscriber(IN)
        async def take(self, value: float) -> None: ...

    with pytest.raises(InvalidComponent, match=r"Wrong\.take: must be async def"):

        class Wrong(Takes):
            def take(self, value: float) -> None: ...


def test_a_component_is_a_unit_or_a_collection_and_not_both():
    with pytest.raises(InvalidComponent, match=r"Neither\.__bases__: a component is a Unit or a Collection"):

        class Neither(Component):
            pass

    with pytest.raises(InvalidComponent, match=r"Both\.__bases__: a component is a Unit or a Collection"):

        class Both(Base, Collection):
            pass


def test_a_class_made_by_a_function_is_watched_as_well():
    with pytest.raises(InvalidComponent, match=r"Wrong\.IN: 3 is no message type"):
        types.new_class("Wrong", (Base,), {}, lambda attributes: attributes.update(IN=InputStream(3)))
    with pytest.raises(InvalidComponent, match=r"Wrong\.IN: 3 is no message type"):
        types.new_class("Wrong", (Base, ABC), {}, lambda attributes: attributes.update(IN=InputStream(3)))


def test_what_is_right_in_all_of_this_is_not_refused():
    class Abstract(Unit, ABC):
        INPUT = InputStream(list[int])

        class Nested(Unit):
            pass

        def helper(self) -> None: ...

    class Boundary(Collection):
        INPUT = InputStream(int | None)
        TOPIC = InputTopic(Any)

        def network(self):
            yield self.INPUT, self.TOPIC

    assert (Abstract().INPUT.message_type, Boundary().INPUT.message_type) == (list[int], int | None)
