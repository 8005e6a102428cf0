"""What two peers promise each other, over a link in memory."""

from typing import Any

import attrs
import pytest
import trio
import trio.testing

from transport import (
    ErrorTable,
    InvalidParams,
    LinkLost,
    MethodNotFound,
    Peer,
    Service,
    memory_links,
    wire_method,
)


@attrs.frozen
class Refused(Exception):
    why: str
    path: tuple[str, ...]


class Calculator:
    def __init__(self) -> None:
        self.log: list[str] = []

    @wire_method
    def add(self, a: int, b: int = 1) -> int:
        """Add two numbers."""
        return a + b

    @wire_method
    def refuse(self, why: str) -> None:
        raise Refused(why, ("a", "b"))

    @wire_method
    async def wait(self) -> str:
        self.log.append("waiting")
        try:
            await trio.sleep_forever()
        finally:
            self.log.append("left")
        return "never"

    @wire_method
    def note(self, text: str) -> None:
        self.log.append(text)

    @wire_method
    def repeat(self, text: str) -> str:
        return text

    @wire_method
    def anything(self, value: Any) -> Any:
        return value


class Ends:
    """Two peers at work."""

    def __init__(self, nursery: trio.Nursery, *, json: bool = False) -> None:
        self.link, server_link = memory_links()
        self.calculator = Calculator()
        self.client = Peer(self.link, errors=ErrorTable(Refused), json=json)
        self.server = Peer(server_link, errors=ErrorTable(Refused), service=Service(self.calculator))
        self.lost: dict[str, str] = {}
        self.nursery = nursery

    async def start(self) -> "Ends":
        for name in ("client", "server"):
            await self.nursery.start(self._run, name)
        return self

    async def _run(self, name: str, *, task_status: trio.TaskStatus[None]) -> None:
        try:
            await getattr(self, name).run(task_status=task_status)
        except LinkLost as error:
            self.lost[name] = error.reason


@pytest.fixture(params=["msgpack", "json"])
async def ends(request: pytest.FixtureRequest, nursery: trio.Nursery) -> Ends:
    return await Ends(nursery, json=request.param == "json").start()


async def test_a_request_comes_back_with_its_result(ends: Ends) -> None:
    assert await ends.client.request("add", {"a": 1, "b": 2}, int) == 3
    assert await ends.client.request("add", {"a": 1}, int) == 2


async def test_a_known_error_arrives_as_itself(ends: Ends) -> None:
    with pytest.raises(Refused) as caught:
        await ends.client.request("refuse", {"why": "because"})
    assert caught.value.args == ("because", ("a", "b"))


async def test_an_unknown_method_and_wrong_parameters_are_typed_answers(ends: Ends) -> None:
    with pytest.raises(MethodNotFound, match="no such method: fly"):
        await ends.client.request("fly", {})
    with pytest.raises(InvalidParams, match=r"Expected `int`, got `str` - at `\$\.a`"):
        await ends.client.request("add", {"a": "one"})
    with pytest.raises(InvalidParams, match="unknown field `c`"):
        await ends.client.request("add", {"a": 1, "c": 2})


async def test_a_cancelled_request_is_cancelled_at_the_other_end(ends: Ends) -> None:
    with trio.move_on_after(0.01):
        await ends.client.request("wait", {})
    await trio.testing.wait_all_tasks_blocked()
    assert ends.calculator.log == ["waiting", "left"]
    assert await ends.client.request("add", {"a": 1}, int) == 2


async def test_a_lost_link_fails_every_request_at_once(ends: Ends) -> None:
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(expect_lost, ends.client)
        await trio.testing.wait_all_tasks_blocked()
        ends.server.abort("pulled the plug")
    with pytest.raises(LinkLost):
        await ends.client.request("add", {"a": 1})


async def expect_lost(peer: Peer) -> None:
    with pytest.raises(LinkLost, match="the connection broke off"):
        await peer.request("wait", {})


async def test_closing_one_end_ends_both_and_only_the_other_one_calls_it_a_loss(ends: Ends) -> None:
    ends.client.notify("note", {"text": "bye"})
    ends.client.close()
    await trio.testing.wait_all_tasks_blocked()
    await ends.link.aclose()
    await trio.testing.wait_all_tasks_blocked()
    assert ends.lost == {"server": "the peer closed the connection"}
    assert ends.calculator.log == ["bye"]


async def test_a_large_value_crosses_in_fragments_both_ways(ends: Ends) -> None:
    text = "é" * 700_000
    assert await ends.client.request("repeat", {"text": text}, str) == text
