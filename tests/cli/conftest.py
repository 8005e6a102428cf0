"""A graph served by a real process of the command line, and a way to run commands beside it."""

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import pytest

from actors._cli import main

Command = Callable[..., "Told"]


@attrs.frozen
class Told:
    """What came of a command."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A user who has nothing running: a runtime folder of its own, and no address set."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRELLIS_")}
    return {**kept, "XDG_RUNTIME_DIR": str(tmp_path), "COLUMNS": "200", "PYTHONWARNINGS": "error"}


@pytest.fixture
def apart(environment: dict[str, str]) -> Command:
    """Runs one command to its end, in a process of its own."""

    def run(*arguments: str, **more: str) -> Told:
        command = [sys.executable, "-m", "actors", *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False, env={**environment, **more}
        )
        return Told(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def trellis(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Runs one command to its end, in this process: a tenth of the time, and its user sees no difference.

    Not for a command that serves: it changes how its whole process collects garbage.
    """
    for name in set(os.environ) - set(environment):
        monkeypatch.delenv(name)

    def run(*arguments: str, **more: str) -> Told:
        with monkeypatch.context() as patch:
            for name, value in {**environment, **more}.items():
                patch.setenv(name, value)
            try:
                code = main(arguments)
            except SystemExit as end:
                code = end.code
        assert gc.get_freeze_count() == 0, "a command that serves needs a process of its own"
        return Told(code, *capsys.readouterr())

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
