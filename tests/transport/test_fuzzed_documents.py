"""Documents with a wound, straight into a peer: it answers, or ends its own connection, and nothing else."""

import contextlib
import math
import os
import random
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import attrs
import msgspec
import pytest
import trio
import trio.testing

from transport import Link, LinkClosed, LinkLost, Payload, Peer, Service, decode_values, memory_links, wire_method

FUZZED = 10_000 if os.environ.get("TRELLIS_CAMPAIGN") == "full" else 1_000


@attrs.frozen
class Part:
    name: str
    sizes: tuple[int, ...] = ()
    notes: dict[str, Any] = attrs.field(factory=dict)


class Target:
    """One method for each shape of parameters that a session has."""

    @wire_method
    def plain(self, value: Any = None) -> Any:
        return value

    @wire_method
    def typed(self, part: Part, ids: list[UUID], rate: float = math.pi, pair: tuple[str, int] = ("", 0)) -> Part:
        return part

    @wire_method
    async def sliced(self, parts: Payload[dict[str, Part]]) -> int:
        return len(await decode_values(parts, Part))

    @wire_method
    async def wait(self) -> None:
        await trio.sleep_forever()


def seeds() -> list[dict[str, Any]]:
    part = {"name": "p", "sizes": [1, 2], "notes": {"deep": [[1], {"a": None}]}}
    identity = "12345678-1234-5678-1234-567812345678"
    calls: list[tuple[str, dict[str, Any]]] = [
        ("plain", {"value": [1, -2.5, "text", None, True, {"k": []}]}),
        ("typed", {"part": part, "ids": [identity], "rate": 1e300, "pair": ["a", 1]}),
        ("sliced", {"parts": {"a": part, "b": part}}),
        ("wait", {}),
    ]
    head = {"jsonrpc": "2.0"}
    return [
        *(head | {"id": number, "method": method, "params": params} for number, (method, params) in enumerate(calls)),
        head | {"method": "cancel", "params": {"id": 3}},
        head | {"method": "fragment", "params": {"transfer": 1, "data": "{}", "last": True}},
        head | {"id": 1, "result": [1]},
        head | {"id": 1, "error": {"code": -1, "message": "m", "data": {"type": "T", "fields": {}}}},
    ]


TOKENS = [b"[", b"]", b"{", b"}", b'"', b",", b":", b"\\u", b"1e999", b"NaN", b"null", b"-", b"\x00", b"\xff", b"\xc1"]


def wounded(dice: random.Random, data: bytes) -> bytes:
    for _ in range(dice.randrange(1, 5)):
        at = dice.randrange(len(data) + 1)
        cut = at + dice.randrange(0, 4)
        new = dice.choice([dice.choice(TOKENS), dice.randbytes(2), data[at:cut] * 3, b""])
        data = data[:at] + new + data[cut:]
    return data


def frames(dice: random.Random, *, text: bool) -> Iterator[str | bytes]:
    encode = msgspec.json.encode if text else msgspec.msgpack.encode
    while True:
        data = wounded(dice, encode(dice.choice(seeds())))
        yield data.decode("utf-8", "replace") if text else data


@pytest.mark.parametrize("text", [True, False], ids=["json", "msgpack"])
async def test_no_document_raises_anything_in_its_receiver(text: bool, nursery: trio.Nursery) -> None:
    dice = random.Random(int(os.environ.get("TRELLIS_SEED", "20260102")))
    source = frames(dice, text=text)
    sent, answers = 0, list[str | bytes]()
    while sent < FUZZED:
        ours, theirs = memory_links()
        nursery.start_soon(serve, theirs)
        nursery.start_soon(drain, ours, answers)
        with contextlib.suppress(LinkClosed):
            for _ in range(200):
                await ours.send(next(source))
                sent += 1
        await ours.aclose()
    assert len(answers) > FUZZED / 10


async def serve(link: Link) -> None:
    """Serve until the connection ends; whatever else comes out fails the test."""
    with contextlib.suppress(LinkLost):
        await Peer(link, service=Service(Target())).run()
    await link.aclose()


async def drain(link: Link, answers: list[str | bytes]) -> None:
    with contextlib.suppress(LinkClosed):
        while True:
            answers.append(await link.receive())
