"""Client processes for campaigns: started, told, stopped, killed, and always gone at the end of a block."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import attrs
import trio

from actors import Door

_PROGRAM = Path(__file__).with_name("wire_client.py")


@attrs.frozen(eq=False)
class ClientProcess:
    process: trio.Process

    async def hear(self, word: str) -> None:
        """Wait until it says a word, the first one of a line."""
        assert self.process.stdout is not None
        said = b""
        while not said.endswith(b"\n"):
            piece = await self.process.stdout.receive_some()
            assert piece, f"the client ended after {said!r}"
            said += piece
        assert said.decode().split()[0] == word

    async def tell(self, word: str) -> None:
        assert self.process.stdin is not None
        await self.process.stdin.send_all(f"{word}\n".encode())

    def send_signal(self, number: signal.Signals) -> None:
        os.kill(self.process.pid, number)


@asynccontextmanager
async def client_process(door: Door, step: str, *, within: Sequence[str] = ()) -> AsyncIterator[ClientProcess]:
    """``within`` is a command that runs another one, somewhere."""
    where = urlsplit(door.url)
    command = [
        *within,
        sys.executable,
        "-I",
        "-S",
        str(_PROGRAM),
        str(where.hostname),
        str(where.port),
        str(door.token),
        step,
    ]
    process = await trio.lowlevel.open_process(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield ClientProcess(process)
    finally:
        with trio.CancelScope(shield=True):
            process.kill()
            await process.wait()
            for stream in (process.stdin, process.stdout):
                assert stream is not None
                await stream.aclose()
