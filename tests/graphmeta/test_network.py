"""The networks of collections as edges between topics."""

import enum
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest

from graphmeta import (
    Collection,
    CycleError,
    Edge,
    InputRelay,
    InputStream,
    InputTopic,
    InvalidComponent,
    OutputRelay,
    OutputStream,
    OutputTopic,
    Topic,
    Unit,
    bind,
    bind_all,
    collect_edges,
)


class Pipe(Unit):
    INPUT = InputStream(float)
    OUTPUT = OutputStream(float)


class Text(Unit):
    INPUT = InputStream(str)


class Inner(Collection):
    INPUT = InputTopic(float)
    OUTPUT = OutputTopic(float)
    PIPE = Pipe()

    def network(self) -> Iterable[tuple[Any, Any]]:
        yield self.INPUT, self.PIPE.INPUT
        yield self.PIPE.OUTPUT, self.OUTPUT


class System(Collection):
    SOURCE = Pipe()
    INNER = Inner()
    SINK = Pipe()

    def network(self) -> Iterable[tuple[Any, Any]]:
        return [
            (self.SOURCE.OUTPUT, self.INNER.INPUT),
            [self.INNER.OUTPUT, self.SINK.INPUT],
            ("ELSEWHERE/OUT", self.SINK.INPUT),
        ]


def collection(*pairs: Any, **parts: Any) -> Collection:
    """A collection with two pipes, ONE and TWO, bound as SYS; *pairs* makes its network."""

    def network(self: Any) -> Any:
        return pairs[0](self)

    attributes = {"ONE": Pipe(), "TWO": Pipe(), "INNER": Inner(), "network": network, **parts}
    return bind("SYS", type("Made", (Collection,), attributes)())


def test_the_pairs_of_all_collections_become_edges_between_addresses_outermost_first():
    assert collect_edges([bind("SYS", System())]) == (
        Edge("SYS/SOURCE/OUTPUT", "SYS/INNER/INPUT"),
        Edge("SYS/INNER/OUTPUT", "SYS/SINK/INPUT"),
        Edge("ELSEWHERE/OUT", "SYS/SINK/INPUT"),
        Edge("SYS/INNER/INPUT", "SYS/INNER/PIPE/INPUT"),
        Edge("SYS/INNER/PIPE/OUTPUT", "SYS/INNER/OUTPUT"),
    )


def test_roots_come_as_a_mapping_as_well_and_their_connections_come_last():
    one, two = Pipe(), Pipe()
    roots = bind_all({"ONE": one, "TWO": two})
    assert collect_edges(roots, [(one.OUTPUT, two.INPUT), ("TWO/OUTPUT", "LOG")]) == (
        Edge("ONE/OUTPUT", "TWO/INPUT"),
        Edge("TWO/OUTPUT", "LOG"),
    )


def test_an_edge_named_twice_is_there_once():
    made = collection(lambda self: [(self.ONE.OUTPUT, self.TWO.INPUT)] * 2)
    assert collect_edges([made], [(made.ONE.OUTPUT, made.TWO.INPUT)])[:1] == (Edge("SYS/ONE/OUTPUT", "SYS/TWO/INPUT"),)
    assert len(collect_edges([made])) == 1 + 2  # and those inside of INNER


def test_message_types_need_not_match():
    made = collection(lambda self: [(self.ONE.OUTPUT, self.TEXT.INPUT)], TEXT=Text())
    assert Edge("SYS/ONE/OUTPUT", "SYS/TEXT/INPUT") in collect_edges([made])


def test_a_member_of_a_text_enum_is_a_topic_by_its_value():
    class Names(enum.StrEnum):
        LOG = "LOG/IN"

    [edge, *_] = collect_edges([collection(lambda self: [(self.ONE.OUTPUT, Names.LOG)])])
    assert (edge, type(edge.to_topic)) == (("SYS/ONE/OUTPUT", "LOG/IN"), str)


def test_a_relay_is_met_at_its_inner_side_from_inside_and_at_its_outer_side_from_outside():
    class Relayed(Collection):
        IN = InputRelay(float)
        OUT = OutputRelay(float)
        PIPE = Pipe()

        def network(self) -> Iterable[tuple[Any, Any]]:
            return ((self.IN, self.PIPE.INPUT), (self.PIPE.OUTPUT, self.OUT))

    made = collection(
        lambda self: ((self.ONE.OUTPUT, self.PART.IN), (self.PART.OUT, self.TWO.INPUT)), INNER=None, PART=Relayed()
    )
    assert collect_edges([made]) == (
        Edge("SYS/ONE/OUTPUT", "SYS/PART/IN"),
        Edge("SYS/PART/OUT", "SYS/TWO/INPUT"),
        Edge("SYS/PART/IN/inside", "SYS/PART/PIPE/INPUT"),
        Edge("SYS/PART/PIPE/OUTPUT", "SYS/PART/OUT/inside"),
    )
    assert collect_edges([], [("LAB/OUT", made.PART.IN)]) == (Edge("LAB/OUT", "SYS/PART/IN"),)


def test_a_collection_may_pass_messages_by_its_own_topics_in_any_direction():
    made = collection(
        lambda self: ((self.ANY, self.OUT), (self.IN, self.OTHER), (self.BOUNDARY, self.OTHER)),
        IN=InputTopic(float),
        OUT=OutputTopic(float),
        ANY=Topic(float),
        OTHER=OutputStream(float),
        BOUNDARY=InputStream(float),
        INNER=None,
    )
    assert collect_edges([made]) == (
        Edge("SYS/ANY", "SYS/OUT"),
        Edge("SYS/IN", "SYS/OTHER"),
        Edge("SYS/BOUNDARY", "SYS/OTHER"),
    )


def test_edges_that_close_a_cycle_are_refused_with_its_path():
    made = collection(
        lambda self: ((self.A, self.B), (self.B, self.C), (self.C, self.A)), A=Topic(int), B=Topic(int), C=Topic(int)
    )
    with pytest.raises(CycleError) as caught:
        collect_edges([made])
    path = caught.value.path
    assert path[0] == path[-1]
    assert {*pairwise(path)} == {("SYS/A", "SYS/B"), ("SYS/B", "SYS/C"), ("SYS/C", "SYS/A")}


def test_a_cycle_across_collections_and_connections_is_found():
    system = bind("SYS", Inner())
    with pytest.raises(CycleError):
        collect_edges([system], [("SYS/PIPE/INPUT", "A"), ("A", "SYS/INPUT")])


def test_a_loop_through_a_unit_is_no_cycle():
    made = collection(lambda self: ((self.ONE.OUTPUT, self.TWO.INPUT), (self.TWO.OUTPUT, self.ONE.INPUT)), INNER=None)
    assert len(collect_edges([made])) == 2


WRONG = {
    "an input of a unit first": (lambda self: [(self.ONE.INPUT, self.TWO.INPUT)], "SYS/ONE/INPUT takes messages"),
    "an output of a unit second": (lambda self: [(self.ONE.OUTPUT, self.TWO.OUTPUT)], "SYS/TWO/OUTPUT gives messages"),
    "a way into another collection first": (
        lambda self: [(self.INNER.INPUT, self.TWO.INPUT)],
        "SYS/INNER/INPUT takes messages, so it cannot come first",
    ),
    "a way out of another collection second": (
        lambda self: [(self.ONE.OUTPUT, self.INNER.OUTPUT)],
        "SYS/INNER/OUTPUT gives messages, so it cannot come second",
    ),
    "a template": (
        lambda self: [(Pipe.OUTPUT, self.TWO.INPUT)],
        "<OutputStream of float> belongs to no component here: use self.COMPONENT.STREAM",
    ),
    "a stream of a stray instance": (
        lambda self: [(Pipe().OUTPUT, self.TWO.INPUT)],
        "<OutputStream Pipe.OUTPUT> belongs to no component here: use self.COMPONENT.OUTPUT",
    ),
    "a topic that is none": (lambda self: [("", self.TWO.INPUT)], "'' is no topic: it is empty"),
    "a component": (lambda self: [(self.ONE, self.TWO.INPUT)], "a topic is a text"),
    "a triple": (lambda self: [(self.ONE.OUTPUT,) * 3], "is no pair"),
    "a text for a pair": (lambda self: ["AB"], "'AB' is no pair"),
    "a pair for the network": (lambda self: (self.ONE.OUTPUT, self.TWO.INPUT), "is no pair"),
    "nothing": (lambda self: None, "None is no iterable of pairs"),
}


@pytest.mark.parametrize(("pairs", "reason"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_connected_is_refused_in_the_name_of_its_collection(pairs, reason):
    with pytest.raises(InvalidComponent) as caught:
        collect_edges([collection(pairs)])
    assert (caught.value.component, caught.value.attribute) == ("SYS", "network")
    assert reason in caught.value.reason


def test_connections_are_refused_in_their_own_name():
    with pytest.raises(InvalidComponent, match=r"^run\.connections: 3 is no pair"):
        collect_edges([], [3])


def test_a_collection_that_is_not_bound_yet_has_no_edges_to_give():
    with pytest.raises(InvalidComponent, match=r"^Inner\.network: .* belongs to no component here"):
        collect_edges([Inner()])
