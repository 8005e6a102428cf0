"""What the doctor finds in a running graph, rule by rule; and that it finds nothing in a sound one."""

import argparse
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio

from actors import Graph, Session, open_graph, open_session, serve_websocket
from actors._cli._diagnose import SILENT, Finding, Patient, diagnose
from actors._cli._doctor import run as doctor
from actors._graph import SOFTWARE
from graphmeta import GraphMetadata, InputStreamMetadata, OutputStreamMetadata, UnitMetadata


def unit(address: str) -> UnitMetadata:
    return UnitMetadata(
        address,
        address.rpartition("/")[2],
        "t.U",
        input_streams={"IN": InputStreamMetadata("IN", f"{address}/IN", "float")},
        output_streams={"OUT": OutputStreamMetadata("OUT", f"{address}/OUT", "float")},
    )


def declared(*addresses: str) -> GraphMetadata:
    return GraphMetadata(units={address: unit(address) for address in addresses})


def patient(graph: Graph) -> Patient:
    return Patient(graph.snapshot(), graph.sessions())


def found(graph: Graph) -> list[tuple[str, str]]:
    return [(finding.rule, finding.subject) for finding in diagnose(patient(graph))]


@asynccontextmanager
async def sound() -> AsyncIterator[tuple[Graph, Session]]:
    """A source and a sink, declared, connected and at work."""
    async with open_graph() as graph, open_session(graph, name="runner") as session:
        await session.register_metadata(declared("SYS/SOURCE", "SYS/SINK"))
        await session.connect("SYS/SOURCE/OUT", "SYS/SINK/IN")
        async with session.publisher("SYS/SOURCE/OUT"), session.subscriber("SYS/SINK/IN"):
            yield graph, session


async def test_a_sound_graph_has_nothing() -> None:
    async with sound() as (graph, _):
        assert found(graph) == []


async def test_an_edge_to_a_topic_that_nobody_knows_dangles() -> None:
    async with sound() as (graph, session):
        await session.connect("SYS/SOURCE/OUT", "SYS/SNIK/IN")
        (finding,) = diagnose(patient(graph))
        assert (finding.rule, finding.subject) == ("dangling edge", "SYS/SOURCE/OUT -> SYS/SNIK/IN")
        assert "SYS/SNIK/IN" in finding.advice
        assert "SYS/SOURCE/OUT" not in finding.advice


async def test_a_topic_that_only_joins_edges_does_not_dangle() -> None:
    async with sound() as (graph, session):
        await session.connect("SYS/SOURCE/OUT", "RELAY")
        await session.connect("RELAY", "SYS/SINK/IN")
        assert found(graph) == []


async def test_a_subscriber_whose_topic_nobody_publishes_upstream_is_named() -> None:
    async with sound() as (graph, session), session.subscriber("LONELY"):
        assert found(graph) == [("nobody publishes", "LONELY")]
        async with session.publisher("FAR"):
            await session.connect_many([("FAR", "NEAR"), ("NEAR", "LONELY")])
            assert ("nobody publishes", "LONELY") not in found(graph)


async def test_live_settings_wait_for_nobody_and_that_is_no_fault() -> None:
    async with sound() as (graph, session), session.subscriber("SYS/SINK/INPUT_SETTINGS"):
        assert found(graph) == []


@pytest.mark.parametrize("name", ["other", "runner"])  # names need not be unique
async def test_a_component_inside_another_sessions_component_misleads(name: str) -> None:
    async with sound() as (graph, _), open_session(graph, name=name) as other:
        await other.register_metadata(declared("SYS/SOURCE/PART"))
        (finding,) = [finding for finding in diagnose(patient(graph)) if finding.rule == "mixed address"]
        assert finding.subject == "SYS/SOURCE/PART"
        assert name in finding.advice
        assert "runner" in finding.advice


@pytest.mark.parametrize(
    ("software", "skewed"), [(SOFTWARE, False), ("trellis 0.0.0", True), ("a tool in another language 3", False)]
)
async def test_another_version_of_ours_is_told(software: str, skewed: bool) -> None:
    async with sound() as (graph, _):
        (info,) = graph.sessions()
        findings = diagnose(Patient(graph.snapshot(), (attrs.evolve(info, software=software),)))
        assert [(finding.rule, finding.subject) for finding in findings] == [("version skew", "runner")] * skewed


@pytest.mark.parametrize(("silent", "told"), [(0.0, False), (SILENT, False), (SILENT + 0.1, True)])
async def test_a_session_of_which_nothing_is_heard_is_told(silent: float, told: bool) -> None:
    async with sound() as (graph, _):
        (info,) = graph.sessions()
        findings = diagnose(Patient(graph.snapshot(), (attrs.evolve(info, silent=silent),)))
        assert [(finding.rule, finding.subject) for finding in findings] == [("silent session", "runner")] * told


async def test_findings_come_in_the_order_of_the_rules() -> None:
    async with sound() as (graph, session), session.subscriber("LONELY"):
        await session.connect("NOBODY", "NOWHERE")
        await trio.lowlevel.checkpoint()
        assert [rule for rule, _ in found(graph)] == ["dangling edge", "nobody publishes"]
        assert all(isinstance(finding, Finding) and finding.advice for finding in diagnose(patient(graph)))


async def at_work(graph: Graph, sends: type, takes: type) -> list[Finding]:
    """What is found where one session publishes messages of a type, and a subscriber two edges on takes another."""
    async with open_session(graph, name="at work") as session:
        await session.connect_many([("A", "JOINT"), ("JOINT", "B")])
        async with session.publisher("A", sends), session.subscriber("B", takes):
            return list(diagnose(patient(graph)))


@pytest.mark.parametrize(("sends", "takes"), [(str, float), (bytes, str), (dict, list), (int, bytes)])
async def test_a_subscriber_that_gets_what_it_does_not_take_is_noted(sends: type, takes: type) -> None:
    async with open_graph() as graph:
        said = f"A sends {sends.__name__}, and {takes.__name__} is taken here"
        assert await at_work(graph, sends, takes) == [Finding("may not fit", "B", said, note=True)]


class Text(str):
    """A text as any other."""


FITTING: list[tuple[Any, Any]] = [
    (float, float),
    (int, float),
    (bool, int),
    (str, object),
    (object, str),
    (str, Any),
    (Text, str),
    (str, Text),
    (float, Text),
    (str, str | float),
    (list[int], dict[str, int]),
    (Finding, Patient),
]
"""What fits, or may fit for all that names tell."""


@pytest.mark.parametrize(("sends", "takes"), FITTING)
async def test_what_may_fit_is_not_spoken_of(sends: Any, takes: Any) -> None:
    async with open_graph() as graph:
        assert await at_work(graph, sends, takes) == []


async def test_each_kind_that_does_not_fit_is_told_once_however_many_send_it() -> None:
    async with open_graph() as graph, open_session(graph, name="at work") as session, AsyncExitStack() as stack:
        for topic, kind in {"A": str, "B": str, "C": bytes, "D": float}.items():
            await session.connect(topic, "IN")
            await stack.enter_async_context(session.publisher(topic, kind))
        await stack.enter_async_context(session.subscriber("IN", float))
        told = [finding.advice.partition(",")[0] for finding in diagnose(patient(graph))]
        assert told == ["C sends bytes", "A sends str"]


async def test_what_only_may_be_wrong_is_no_failure(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    async with open_graph() as graph, trio.open_nursery() as nursery:
        door = await nursery.start(serve_websocket, graph)
        async with open_session(graph, name="at work") as session:
            await session.connect("A", "B")
            async with session.publisher("A", str), session.subscriber("B", float):
                token = tmp_path / "token"
                token.write_text(door.token)
                args = argparse.Namespace(graph=door.url, token_file=token, insecure=False, json=False)
                assert await doctor(args) == 0
        nursery.cancel_scope.cancel()
    assert "may not fit" in capsys.readouterr().out
