"""A thousand sessions with ten edges each: a snapshot of all of it, new each time, comes within a quarter second.

The server, the crowd and whoever measures live in three processes, so that the server is what is measured.
"""

import gc
from pathlib import Path

import trio
from campaign_clients import client_process
from campaign_house import FULL, p99, scale
from campaign_server import server_process

from actors import open_session

CROWD = scale(1_000, 200, 50)
EDGES = 10
"""Of each: what `wire_client.py` gives them."""
SNAPSHOTS = scale(100, 50, 10)
SECONDS = 0.25
"""Asserted where a campaign has the machine to itself."""


async def test_a_snapshot_of_a_crowd_comes_in_time(tmp_path: Path) -> None:
    seconds = []
    with trio.fail_after(120):
        async with server_process(tmp_path) as server:
            door = server.door
            async with client_process(door, f"crowd {CROWD}") as crowd:
                await crowd.hear("ready")
                async with open_session(door.url, name="measures", token=door.token) as session:
                    gc.collect()
                    for number in range(SNAPSHOTS):
                        # A new revision each time: nobody gets what was made before.
                        await session.connect("NEW", f"N{number}")
                        began = trio.current_time()
                        snapshot = await session.snapshot()
                        assert len(snapshot.sessions) == CROWD + 1
                        assert len(snapshot.edge_owners) == CROWD * EDGES + number + 1
                        # With its views, which are made when they are first read.
                        seconds.append(trio.current_time() - began)
    print(
        f"crowd: {CROWD} sessions, {CROWD * EDGES} edges, snapshot median {sorted(seconds)[SNAPSHOTS // 2] * 1e3:.1f}, "
        f"p99 {p99(seconds) * 1e3:.1f}, longest {max(seconds) * 1e3:.1f} ms"
    )
    assert not FULL or p99(seconds) <= SECONDS
