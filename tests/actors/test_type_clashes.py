"""What would come to where it cannot be taken, as it is told to whoever is about to connect two streams."""

from contextlib import AsyncExitStack

import attrs
import pytest
import trio

from actors import TypeClash, open_session


@attrs.frozen
class Sample:
    value: int


@attrs.frozen
class Louder(Sample):
    gain: float


@attrs.frozen
class Alarm:
    on: bool


SAMPLE, ALARM = "test_type_clashes.Sample", "test_type_clashes.Alarm"


@pytest.fixture
async def here(house):
    """A session in the graph's own process, where classes are known."""
    async with open_session(house.graph, name="here") as here:
        yield here


async def test_the_ends_of_all_ways_through_an_edge_are_compared_whether_it_is_there_or_not(house, here):
    async with house.join("asks") as asks, here.publisher("A", Alarm), here.subscriber("D", Sample):
        await here.connect_many([("A", "B"), ("C", "D")])
        expected = (TypeClash("A", ALARM, "D", SAMPLE),)
        for edge in (("B", "C"), ("A", "D"), ("A", "C"), ("B", "D")):
            assert await asks.type_clashes(*edge) == expected
        await here.connect("B", "C")
        assert await asks.type_clashes("B", "C") == expected
        # Nothing goes this way, or to where nobody is.
        for edge in (("A", "ELSE"), ("ELSE", "D"), ("ELSE", "ELSE"), ("", "")):
            assert await asks.type_clashes(*edge) == ()


@pytest.mark.parametrize(
    ("sent", "taken"), [(Louder, Sample), (Sample, Louder), (Alarm, object), (object, Alarm), (int, float)]
)
async def test_what_derives_from_the_other_or_may_be_anything_is_no_clash(house, here, sent, taken):
    async with house.join("asks") as asks, here.publisher("A", sent), here.subscriber("B", taken):
        assert await asks.type_clashes("A", "B") == ()


async def test_of_those_at_a_wire_only_pythons_own_data_is_known(house, here):
    async with house.join("asks") as asks, asks.publisher("TEXTS", str), asks.publisher("RECORDS", Alarm):
        async with here.subscriber("NUMBERS", float), here.subscriber("SAMPLES", Sample):
            clash = TypeClash("TEXTS", "str", "NUMBERS", "float")
            assert await asks.type_clashes("TEXTS", "NUMBERS") == (clash,)
            sessions = (await asks.snapshot()).sessions
            beside = sessions[asks.id].peer == sessions[here.id].peer
            known = (TypeClash("RECORDS", ALARM, "SAMPLES", SAMPLE),) if beside else ()
            assert await asks.type_clashes("RECORDS", "SAMPLES") == known


async def test_of_many_pairs_of_the_same_types_one_is_told(house, here):
    async with house.join("asks") as asks, AsyncExitStack() as stack:
        for number in range(3):
            await stack.enter_async_context(here.publisher(f"A{number}", Alarm))
            await stack.enter_async_context(here.subscriber(f"B{number}", Sample))
            await here.connect_many([(f"A{number}", "FROM"), ("TO", f"B{number}")])
        assert await asks.type_clashes("FROM", "TO") == (TypeClash("A0", ALARM, "B0", SAMPLE),)


async def test_an_end_that_has_gone_clashes_no_more(house, here):
    async with house.join("asks") as asks, here.subscriber("B", Sample):
        async with here.publisher("A", Alarm):
            assert len(await asks.type_clashes("A", "B")) == 1
        assert await asks.type_clashes("A", "B") == ()
        with trio.CancelScope() as scope:
            async with here.publisher("A", Alarm):
                scope.cancel()
                await trio.sleep_forever()
        assert await asks.type_clashes("A", "B") == ()
