"""A server with a thousand sessions, a tenth of them mute, is gone within two seconds of being told."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import trio
from campaign_house import CI, FULL, scale
from wire_client import OPEN, Client

from actors import SessionLost, open_session

SESSIONS = scale(1000, 200, 50)
MUTE = SESSIONS // 10
SECONDS = 2.0
"""Asserted where a campaign has the machine to itself; elsewhere a hang fails."""


async def ticket_in(folder: Path) -> dict[str, str]:
    """Wait for what ``trellis serve`` leaves for clients to find."""
    with trio.fail_after(20):
        while True:
            for path in await trio.Path(folder).glob("trellis/*.graph"):
                return dict(json.loads(await path.read_text()))
            await trio.sleep(0.02)


async def honest(ticket: dict[str, str], number: int, *, task_status: trio.TaskStatus[None]) -> None:
    try:
        async with open_session(ticket["url"], name=f"s{number}", token=ticket["token"]) as session:
            await session.connect("A", f"B{number}")
            task_status.started()
            await trio.sleep_forever()
    except SessionLost:
        return


def mute(ticket: dict[str, str]) -> Client:
    host, port = re.fullmatch(r"ws://(.*):(\d+)", ticket["url"]).groups()
    client = Client(host, port, ticket["token"])
    client.ask(*OPEN[:2])
    return client


async def test_a_server_full_of_sessions_some_of_them_mute_stops_when_told(tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "actors", "serve"]
    server = await trio.lowlevel.open_process(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        ticket = await ticket_in(tmp_path)
        with trio.fail_after(120):
            async with trio.open_nursery() as nursery:
                for number in range(SESSIONS - MUTE):
                    await nursery.start(honest, ticket, number)
                silent = [await trio.to_thread.run_sync(mute, ticket) for _ in range(MUTE)]
                began = trio.current_time()
                server.send_signal(signal.SIGTERM)
                await server.wait()
                took = trio.current_time() - began
        # The nursery has ended: everyone honest has heard of it.
    finally:
        server.kill()
        await server.wait()
    for client in silent:
        client.socket.close()
    print(f"shutdown: {SESSIONS} sessions, {MUTE} of them mute: {took:.2f} s")
    assert server.returncode in (0, 143)
    assert not (FULL or CI) or took <= SECONDS
