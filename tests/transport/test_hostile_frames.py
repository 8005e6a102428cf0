"""Whatever is sent after the handshake: it ends its own connection or is answered, and nobody else notices.

Each case is tried twice, before the connection is opened by its first request and after; beside it an honest
client goes on working, and no handler is left over.
"""

import socket
import struct

import pytest
import trio
from hostile_client import (
    HASTY,
    LIMITS,
    asked,
    call,
    frame,
    honest_client,
    none_but,
    open_door,
    open_packed,
    raw_client,
)
from hostile_corpus import ANSWERED, CANCELLED, CASES, NO_METHOD, Case


def speaks_json(sent: bytes) -> bool:
    return sent[0] & 0x0F != 2


async def try_case(case: Case, *, opened: bool, json: bool) -> None:
    limits = HASTY if case.ends and not opened else LIMITS
    with trio.fail_after(10):
        async with open_door(limits) as door, honest_client(door) as honest:
            async with raw_client(door) as raw:
                if opened:
                    await (raw.open() if json else open_packed(raw))
                await raw.send(case.sent)
                await raw.read(until=lambda: bool(case.codes) and len(raw.codes) >= len(case.codes))
                assert raw.closed == case.ends
                if case.codes:
                    assert tuple(raw.codes) == case.codes
            assert await honest.request("add", {"a": 1, "b": 1}, int) == 2
            await none_but(door, 1)


@pytest.mark.parametrize("opened", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", CASES)
async def test_a_hostile_frame(name: str, opened: bool) -> None:
    await try_case(CASES[name], opened=opened, json=speaks_json(CASES[name].sent))


@pytest.mark.parametrize("name", ANSWERED)
async def test_a_wrong_request_is_answered_and_the_connection_goes_on(name: str) -> None:
    sent, codes = ANSWERED[name]
    await try_case(Case(sent, codes=codes), opened=True, json=speaks_json(sent))
    first = Case(sent[: len(sent)], codes=(NO_METHOD,))
    if len(codes) == 1 and codes != (CANCELLED,) and "twice" not in name:
        await try_case(first, opened=False, json=speaks_json(sent))


@pytest.mark.parametrize("how", ["fin", "half", "reset"])
@pytest.mark.parametrize("sent", [b"", asked(call("echo", {"value": 1}))[:9], frame(1, b"{", fin=False)])
async def test_hanging_up_at_any_point_ends_one_session(how: str, sent: bytes) -> None:
    with trio.fail_after(5):
        async with open_door() as door, honest_client(door) as honest:
            async with raw_client(door) as raw:
                await raw.open()
                assert door.sessions == 2
                await raw.send(sent)
                if how == "half":
                    await raw.stream.send_eof()
                    await raw.read(until=lambda: False)
                elif how == "reset":
                    linger = struct.pack("ii", 1, 0)
                    raw.stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            await none_but(door, 1)
            assert await honest.request("add", {"a": 1, "b": 1}, int) == 2


async def test_a_goodbye_is_answered_in_kind_and_ends_the_connection() -> None:
    with trio.fail_after(5):
        async with open_door() as door, raw_client(door) as raw:
            await raw.send(frame(8, b"\x03\xe8bye"))
            assert await raw.stream.receive_some() == b"\x88\x02\x03\xe8"
            assert await raw.stream.receive_some() == b""


async def test_a_client_that_never_opens_is_let_go() -> None:
    with trio.fail_after(5):
        async with open_door(HASTY) as door, honest_client(door), raw_client(door) as raw:
            await raw.send(frame(9, b"still here"))
            await raw.read(until=lambda: False)
            assert raw.closed


async def test_a_client_that_does_not_take_its_answers_is_let_go() -> None:
    with trio.fail_after(10):
        async with open_door() as door, honest_client(door) as honest, raw_client(door) as raw:
            await raw.open()
            raw.stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            ask = asked(call("large", {"size": 50_000}))
            while not raw.closed:
                with trio.move_on_after(1):
                    await raw.send(ask * 20)
                    continue
                break
            await none_but(door, 1)
            assert await honest.request("add", {"a": 1, "b": 1}, int) == 2
