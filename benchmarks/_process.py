"""Run a server of this package in a process of its own, and tell it what it should hold.

A server says where it is found in its first line; afterwards each line of JSON that it is told is answered by one.
It ends when its input does, so that none outlives the benchmark. This file knows nothing of what is served.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

ROOT = Path(__file__).parent.parent


class Server:
    """The near end of a server's process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process: Final = process
        self.place: Final = self.answer()
        """What the server said first."""

    def tell(self, order: str, *details: Any) -> Any:
        """Have the server do something, and wait until it is done."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([order, *details]) + "\n")
        self._process.stdin.flush()
        return self.answer()

    def answer(self) -> Any:
        """Wait for what the server says next, if it answers an order more than once."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the server's process has ended")
        return json.loads(line)


@contextmanager
def server(module: str) -> Iterator[Server]:
    """Run ``benchmarks.<module>`` for the length of a block."""
    command = [sys.executable, "-m", f"{__package__}.{module}"]
    # In a group of its own: a Ctrl-C on the terminal is for whoever measures, who ends it by closing its input.
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, process_group=0
    ) as process:
        try:
            yield Server(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def answer(value: Any = None) -> None:
    """Say a line to whoever started this process."""
    print(json.dumps(value), flush=True)
