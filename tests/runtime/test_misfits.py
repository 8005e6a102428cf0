"""Streams of types that have nothing to do with each other, connected by mistake: nobody takes what is not his."""

import abc
import decimal
import enum
import logging
import typing
from collections import deque

import attrs
import numpy as np
import pytest
import trio
from numpy.typing import NDArray
from trio.testing import wait_all_tasks_blocked

from actors import (
    InputStream,
    MessageRefused,
    NormalTermination,
    OutputStream,
    Unit,
    open_graph,
    open_runner,
    open_session,
    publisher,
    subscriber,
)
from actors._data._fitting import can_fit


@attrs.frozen
class Sample:
    value: int


@attrs.frozen
class Louder(Sample):
    gain: float = 1.0


class Alarm:
    pass


class Both(Sample, Alarm):
    pass


class Colour(enum.Enum):
    RED = "red"


class Options(typing.TypedDict):
    deep: bool


class Shows(typing.Protocol):
    value: int


class Abstract(abc.ABC):
    @abc.abstractmethod
    def show(self): ...


class Moody(abc.ABCMeta):
    def __subclasscheck__(cls, other):
        raise RuntimeError("not now")


class Mood(metaclass=Moody):
    pass


T = typing.TypeVar("T")


class Box(typing.Generic[T]):
    pass


Number = typing.NewType("Number", int)

MAY_FIT = [
    (Sample, Sample),
    (Louder, Sample),
    (Sample, Louder),
    (Alarm, object),
    (object, Alarm),
    (typing.Any, Alarm),
    (Alarm, typing.Any),
    (None, Alarm),
    (Alarm, Sample | Alarm),
    (Sample | None, Alarm),
    (typing.Union[Sample, None], Alarm),  # noqa: UP007 - the older spelling
    (typing.Annotated[Sample, "loud"], Alarm),
    (typing.Literal["a"], int),
    (Number, str),
    (T, Alarm),
    ("Sample", Alarm),
    (Alarm, Shows),
    (Alarm, Options),
    (Options, dict),
    (Alarm, Mood),
    (int, float),
    (np.float32, int),
    (np.bool_, bool),
    (decimal.Decimal, float),
    (np.ndarray, NDArray[np.float64]),
    (list[int], list),
    (list[int], tuple[int, ...]),
    (deque, list),
    (bytes, bytearray),
    (Box[int], Box[str]),
    (list, typing.Sequence[int]),
]

CANNOT_FIT = [
    (Alarm, Sample),
    (Sample, dict),
    (dict[str, int], Sample),
    (str, float),
    (str, bytes),
    (list[str], str),
    (np.ndarray, list[float]),
    (np.ndarray, Sample),
    (NDArray[np.float64], Sample),
    (Colour, Sample),
    (Box[int], Alarm),
    (Abstract, Sample),
]


@pytest.mark.parametrize(("sent", "taken"), MAY_FIT)
def test_what_is_the_same_or_derives_from_it_or_is_not_known_may_fit(sent, taken):
    assert can_fit(sent, taken)


@pytest.mark.parametrize(("sent", "taken"), CANNOT_FIT)
def test_classes_that_have_nothing_to_do_with_each_other_do_not_fit(sent, taken):
    assert not can_fit(sent, taken)
    assert not can_fit(taken, sent)


async def received(subscriber, count):
    """What comes, and the words of what is refused."""
    record = []
    for _ in range(count):
        try:
            record.append(await subscriber.receive())
        except MessageRefused as refused:
            record.append(str(refused))
    return record


async def test_whoever_subscribes_in_process_is_told_of_each_message_that_cannot_be_his_and_others_get_it():
    alarm, sample = Alarm(), Sample(1)
    async with open_graph() as graph, open_session(graph, name="one") as session:
        await session.connect("A", "B")
        async with (
            session.publisher("A", Alarm) as a,
            session.publisher("B", Sample) as b,
            session.subscriber("B", Sample) as takes_samples,
            session.subscriber("B") as takes_anything,
        ):
            await a.send(alarm)
            await b.send(sample)
            await a.send(alarm)
            refusal = "B: a message was refused: A sent test_misfits.Alarm, and test_misfits.Sample is taken"
            assert await received(takes_samples, 3) == [refusal, sample, refusal]
            assert await received(takes_anything, 3) == [alarm, sample, alarm]


async def test_a_message_that_is_what_is_taken_comes_whatever_its_publisher_named():
    async with open_graph() as graph, open_session(graph, name="one") as session:
        async with session.publisher("A", Alarm) as a, session.subscriber("A", Sample) as taken:
            both = Both(1)
            await a.send(both)
            assert await taken.receive() is both


async def test_nobody_looks_at_messages_whose_publisher_named_what_fits_or_nothing():
    async with open_graph() as graph, open_session(graph, name="one") as session:
        for named in (Sample, object):
            async with session.publisher("A", named) as a, session.subscriber("A", Sample) as taken:
                await a.send("like a sample")
                assert await taken.receive() == "like a sample"


async def test_it_is_found_out_whoever_comes_first_and_forgotten_with_the_one_who_named_it():
    async with open_graph() as graph, open_session(graph, name="one") as session:
        async with session.subscriber("B", Sample) as taken, session.publisher("A") as other:
            await session.connect("A", "B")
            await other.send("first")
            async with session.publisher("A", Alarm) as a, session.publisher("A", Alarm):
                await a.send(Alarm())
                await other.send("second")
            await other.send("third")
            told = await received(taken, 4)
            assert [words for words in told if "refused" not in words] == ["first", "second", "third"]
            assert graph._supervisor.router._sent == {"A": [object]}


async def test_what_is_refused_takes_its_turn_and_its_room_as_any_message():
    async with open_graph() as graph, open_session(graph, name="one") as session:
        async with (
            session.publisher("A", Alarm) as a,
            session.subscriber("A", Sample, max_queue=2) as taken,
            trio.open_nursery() as nursery,
        ):

            async def send():
                for _ in range(5):
                    await a.send(Alarm())

            nursery.start_soon(send)
            await wait_all_tasks_blocked()
            assert (a.sent, taken.queued) == (2, 2)
            assert len(await received(taken, 5)) == 5
            assert taken.received == 5


class Count(Unit):
    OUTPUT = OutputStream(Sample)

    def __init__(self, go):
        super().__init__()
        self.go = go

    @publisher(OUTPUT)
    async def count(self):
        await self.go.wait()
        for number in range(3):
            yield self.OUTPUT, Sample(number)


class Add(Unit):
    INPUT = InputStream(Sample)

    def __init__(self, total):
        super().__init__()
        self.total = total

    @subscriber(INPUT)
    async def add(self, sample):
        self.total.append(sample.value)
        if len(self.total) == 3:
            raise NormalTermination


async def test_a_unit_lives_on_when_somebody_connects_a_stream_of_another_type_and_says_so_once(caplog):
    go, total = trio.Event(), []
    caplog.set_level(logging.WARNING, "actors")
    units = {"COUNT": Count(go), "ADD": Add(total)}
    edges = [("COUNT/OUTPUT", "ADD/INPUT")]
    async with open_graph() as graph, open_runner(units, connections=edges, graph=graph) as runner:
        async with open_session(graph, name="careless") as careless, careless.publisher("ALARMS", Alarm) as alarms:
            await careless.connect("ALARMS", "COUNT/OUTPUT")
            await careless.connect("ALARMS", "ADD/INPUT")
            for _ in range(40):
                await alarms.send(Alarm())
        go.set()
        await runner.wait()
    assert total == [0, 1, 2]
    words = "ADD/INPUT: a message was refused: ALARMS sent test_misfits.Alarm, and test_misfits.Sample is taken"
    assert [(failure.address, str(failure.error)) for failure in runner.failures] == [("ADD", words)]
    assert caplog.messages == [f"ADD goes on without a message that it cannot take: {words}"]
