"""A request that is read in one go is answered as one that goes the long way, whatever is wrong with it."""

from typing import Any

import attrs
import msgspec
import pytest
import trio
from peer_ends import Refused

from transport import ErrorTable, LinkLost, Payload, Peer, Service, memory_links, wire_method
from transport._service._service import Service as Private
from transport._service._service_table import wire_methods
from transport._service._whole_requests import WholeRequests


def _never_odd(_: object, __: object, value: int) -> None:
    if value % 2:
        raise Refused("odd", ())


@attrs.frozen
class Even:
    value: int = attrs.field(validator=_never_odd)


class Desk:
    """Methods of every kind."""

    @wire_method(reads=True)
    def add(self, a: int, b: int = 1) -> int:
        return a + b

    @wire_method
    def halve(self, even: Even) -> int:
        return even.value // 2

    @wire_method
    def refuse(self, why: str) -> None:
        raise Refused(why, ())

    @wire_method
    def count(self, items: list[int]) -> int:
        return len(items)

    @wire_method
    def size(self, data: Payload[Any]) -> int:
        return data.size

    @wire_method
    async def add_later(self, a: int) -> int:
        return a + 1

    @wire_method
    def nothing(self) -> None:
        return None


WHOLE = {"add", "halve", "refuse", "nothing"}


def request(method: str, params: Any, id_: Any = 7, **more: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": id_, "method": method, "params": params} | more


REQUESTS: dict[str, Any] = {
    "as it should be": request("add", {"a": 1, "b": 2}),
    "with a default": request("add", {"a": 1}),
    "without any": request("nothing", {}),
    "its members in another order": dict(reversed(request("add", {"a": 1}).items())),
    "too little": request("add", {}),
    "too much": request("add", {"a": 1, "c": 2}),
    "another type": request("add", {"a": "1"}),
    "no parameters": {"jsonrpc": "2.0", "id": 7, "method": "nothing"},
    "no parameters but null": request("add", None),
    "no parameters where they are needed": {"jsonrpc": "2.0", "id": 7, "method": "add"},
    "a list of parameters": request("add", [1, 2]),
    "a record": request("halve", {"even": {"value": 4}}),
    "a record that refuses": request("halve", {"even": {"value": 5}}),
    "a method that refuses": request("refuse", {"why": "because"}),
    "open-ended": request("count", {"items": [1, 2, 3]}),
    "left encoded": request("size", {"data": [1, 2, 3]}),
    "answered later": request("add_later", {"a": 1}),
    "unknown": request("subtract", {"a": 1}),
    "the description": request("rpc.discover", {}),
    "a textual id": request("add", {"a": 1}, "seven"),
    "a negative id": request("add", {"a": 1}, -7),
    "an empty id": request("add", {"a": 1}, ""),
    "no id but null": request("add", {"a": 1}, None),
    "too large an id": request("add", {"a": 1}, 2**53),
    "an id with a fraction": request("add", {"a": 1}, 7.0),
    "an id that is a truth": request("add", {"a": 1}, True),
    "another protocol": request("add", {"a": 1}, jsonrpc="1.0"),
    "no protocol": {"id": 7, "method": "add", "params": {"a": 1}, "extra": 1},
    "a fifth member": request("add", {"a": 1}, extra=1),
    "a question and an answer": request("add", {"a": 1}, result=1),
    "an answer for parameters": {"jsonrpc": "2.0", "id": 7, "method": "nothing", "result": 1},
    "a method that is a number": request(7, {}),  # type: ignore[arg-type]
    "deep": request("add", {"a": [[[[[[1]]]]]]}),
}


async def answers(frames: list[bytes], *, read_only: bool = False) -> list[Any]:
    """Send each as it is and take what comes back."""
    client, server_link = memory_links()
    server = Peer(server_link, service=Service(Desk(), read_only=read_only), errors=ErrorTable(Refused))
    answered = []

    async def run() -> None:
        with pytest.raises(LinkLost):
            await server.run()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(run)
        for frame in frames:
            await client.send(frame)
            answer = await client.receive()
            assert isinstance(answer, bytes)
            answered.append(msgspec.msgpack.decode(answer))
        await client.aclose()
    return answered


@pytest.mark.parametrize("read_only", [False, True])
async def test_both_ways_come_to_the_same_answer(monkeypatch: pytest.MonkeyPatch, read_only: bool) -> None:
    documents = list(map(msgspec.msgpack.encode, REQUESTS.values()))
    # Cut short, too, and with something behind it.
    frames = documents + [document[:-1] for document in documents] + [document + b"\xc0" for document in documents]
    quick = await answers(frames, read_only=read_only)
    monkeypatch.setattr(Private, "read_whole", lambda _, __: None)
    assert quick == await answers(frames, read_only=read_only)
    assert quick[0]["result"] == 3


def test_what_is_read_whole_is_what_answers_at_once_and_cannot_grow() -> None:
    whole = WholeRequests(wire_methods(Desk).values())
    frames = {name: msgspec.msgpack.encode(document) for name, document in REQUESTS.items()}
    read = {name: whole.read(frame) for name, frame in frames.items()}
    assert {name for name, found in read.items() if found} == {
        "as it should be",
        "with a default",
        "without any",
        "its members in another order",
        "a record",
        "a method that refuses",
        "a negative id",
    }
    assert {found.method for found in read.values() if found} == WHOLE
    assert whole.read(b"") is None
    assert whole.read("{}") is None


def test_a_service_may_have_no_such_method() -> None:
    assert WholeRequests(()).read(msgspec.msgpack.encode(request("add", {"a": 1}))) is None
