"""A graph served by a real process of the command line, and a way to run commands beside it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A user who has nothing running: a runtime folder of its own, and no address set."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRELLIS_")}
    return {**kept, "XDG_RUNTIME_DIR": str(tmp_path), "COLUMNS": "200", "PYTHONWARNINGS": "error"}


@pytest.fixture
def trellis(environment: dict[str, str]) -> Command:
    """Runs one command to its end."""

    def run(*arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "actors", *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False, env={**environment, **more}
        )

    return run


@pytest.fixture
def background(environment: dict[str, str]) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Starts a command and leaves it running; what still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-m", "actors", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
