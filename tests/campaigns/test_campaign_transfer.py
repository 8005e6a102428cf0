"""A snapshot of 20,000 components crosses in pieces, ends nobody's session, and others are answered meanwhile.

``python tests/campaigns/transfer_figures.py`` prints what it costs the others in milliseconds.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from campaign_house import House, websocket_house
from transfer_figures import components

from actors import Session
from actors._graph._wire._wire import ERRORS
from graphmeta import dump_snapshot
from transport import Limits, Peer, connect_websocket

COMPONENTS = 20_000
LIMITS = Limits()
MEANWHILE = 5
"""Requests of a bystander that are answered while one snapshot is on its way, at the very least."""

Take = Callable[[], Awaitable[tuple[int, int]]]


@asynccontextmanager
async def python_client(house: House) -> AsyncIterator[Take]:
    async with house.join("python") as session:

        async def take() -> tuple[int, int]:
            snapshot = await session.snapshot()
            described = (each.metadata for each in snapshot.sessions.values() if each.metadata is not None)
            return snapshot.revision, sum(len(metadata.components) for metadata in described)

        yield take


@asynccontextmanager
async def json_client(house: House) -> AsyncIterator[Take]:
    assert house.door is not None
    async with connect_websocket(house.door.url, token=house.door.token) as link, trio.open_nursery() as nursery:
        peer = Peer(link, errors=ERRORS, json=True)
        await nursery.start(peer.run)
        await peer.request("open", {"name": "json"})

        async def take() -> tuple[int, int]:
            snapshot: dict[str, Any] = await peer.request("snapshot", {}, dict[str, Any])
            described = (each["metadata"] for each in snapshot["sessions"].values() if each["metadata"])
            return snapshot["revision"], sum(len(metadata["units"]) for metadata in described)

        yield take
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("client", [python_client, json_client])
async def test_a_large_snapshot_crosses_in_pieces_and_others_are_answered_meanwhile(
    client: Callable[[House], Any],
) -> None:
    async with websocket_house(LIMITS) as house, client(house) as take, house.join("bystander") as bystander:
        async with house.local("owner") as owner:
            await owner.register_metadata(components(COMPONENTS))
            # So large that no frame could hold it, and above all no frame of a fragment's size.
            assert len(dump_snapshot(house.graph.snapshot())) > LIMITS.server_frame_bytes
            there = [info.name for info in house.graph.sessions()]
            answered = 0

            async def ask(session: Session) -> None:
                nonlocal answered
                while True:
                    assert await session.downstream("NOWHERE") == ()
                    answered += 1

            with trio.fail_after(120):
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(ask, bystander)
                    await trio.lowlevel.checkpoint()
                    revision, count = await take()
                    nursery.cancel_scope.cancel()
            print(f"transfer, {client.__name__}: {COMPONENTS} components, {answered} requests answered meanwhile")
            assert (revision, count) == (house.graph.snapshot().revision, COMPONENTS)
            assert answered >= MEANWHILE
            assert [info.name for info in house.graph.sessions()] == there
