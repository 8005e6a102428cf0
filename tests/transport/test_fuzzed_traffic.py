"""Something like honest traffic, with a wound: the door stays up, and nobody else notices."""

import contextlib
import os
import random
import struct

import msgspec
import trio
from hostile_client import asked, call, frame, honest_client, none_but, open_door, open_packed, packed, raw_client
from hostile_corpus import fragment

FUZZED = 10_000 if os.environ.get("TRELLIS_CAMPAIGN") == "full" else 300


def mutated(random_: random.Random) -> bytes:
    """Something like honest traffic, with a wound."""
    seeds = [
        asked(call("echo", {"value": [1, 2.5, "x", None, {"a": True}]})),
        packed(call("echo", {"value": [1, 2.5, "x", None, {"a": b"x"}]})),
        asked(fragment("{}", last=True)),
        frame(1, b'{"jsonrpc":', fin=False) + frame(9, b"p") + frame(0, b'"2.0"}'),
        frame(8, struct.pack("!H", 1000) + b"bye"),
        random_.randbytes(random_.randrange(1, 200)),
        frame(random_.choice([1, 2]), random_.randbytes(random_.randrange(0, 200))),
    ]
    data = bytearray(b"".join(random_.choices(seeds, k=random_.randrange(1, 4))))
    for _ in range(random_.randrange(0, 6)):
        at = random_.randrange(len(data))
        kind = random_.randrange(4)
        if kind == 0:
            data[at] = random_.randrange(256)
        elif kind == 1:
            del data[at : at + random_.randrange(1, 8)]
        elif kind == 2:
            data[at:at] = random_.randbytes(random_.randrange(1, 8))
        else:
            data[at] ^= 1 << random_.randrange(8)
        if not data:
            data = bytearray(b"\x00")
    return bytes(data)


async def test_fuzzed_traffic_hurts_nobody() -> None:
    random_ = random.Random(int(os.environ.get("TRELLIS_SEED", "20260101")))
    async with open_door() as door, honest_client(door) as honest:
        for number in range(FUZZED):
            sent = mutated(random_)
            with trio.fail_after(10):
                async with raw_client(door) as raw:
                    if number % 2:
                        await (raw.open() if number % 4 == 1 else open_packed(raw))
                    await raw.send(sent)
                    with contextlib.suppress(msgspec.DecodeError):
                        await raw.read(until=lambda: bool(raw.codes or raw.results), seconds=0.01)
                    if number % 3 == 0:
                        await raw.send(random_.randbytes(20))
                if number % 50 == 0:
                    assert await honest.request("add", {"a": 1, "b": 1}, int) == 2
        with trio.fail_after(5):
            await none_but(door, 1)
            assert await honest.request("add", {"a": 1, "b": 1}, int) == 2
