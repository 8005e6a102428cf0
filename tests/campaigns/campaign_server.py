"""A server of its own process for campaigns that measure: ``trellis serve``, as it is."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import trio

from actors import Door


@attrs.frozen(eq=False)
class Server:
    process: trio.Process
    door: Door


@asynccontextmanager
async def server_process(folder: Path) -> AsyncIterator[Server]:
    """Serve until the block ends; *folder* is this server's alone."""
    command = [sys.executable, "-m", "actors", "serve"]
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(folder)}
    process = await trio.lowlevel.open_process(command, env=environment, stdout=subprocess.PIPE)
    try:
        yield Server(process, await _said(process))
    except Exception as error:
        # Whether it died before us tells a failure of the server from one of its clients.
        error.add_note(f"the server's exit code by then: {process.poll()}")
        raise
    finally:
        with trio.CancelScope(shield=True):
            process.kill()
            await process.wait()
            await process.stdout.aclose()


async def _said(process: trio.Process) -> Door:
    """What the server says of itself, once it listens."""
    said = b""
    while b"persistent edges:" not in said:
        piece = await process.stdout.receive_some()
        assert piece, said
        said += piece
    words = dict(line.split(": ", 1) for line in said.decode().splitlines() if ": " in line)
    ticket = json.loads(await trio.Path(words["token file"]).read_text())
    return Door(words["graph server"], ticket["token"])
