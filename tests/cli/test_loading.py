"""Before the command runs: Ctrl-C while it is loaded, and what it does not load."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

STRIKE = """
import os, signal, sys

class Strike:
    def find_spec(self, name, path, target=None):
        if name == os.environ["STRUCK_AT"]:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Strike())
"""
"""Runs before any program: when a certain module is looked for, Ctrl-C comes."""

STARTS = {
    "as a script": [str(Path(sys.executable).parent / "trellis")],
    "as a module": [sys.executable, "-m", "actors"],
}


@pytest.fixture
def start(environment, tmp_path):
    """Starts a process, Ctrl-C and all."""

    def run(command, struck_at=""):
        (tmp_path / "sitecustomize.py").write_text(STRIKE)
        places = os.pathsep.join(filter(None, (str(tmp_path), environment.get("PYTHONPATH"))))
        more = {"STRUCK_AT": struck_at, "PYTHONPATH": places}
        return subprocess.run(
            command, env={**environment, **more}, capture_output=True, text=True, timeout=60, check=False
        )

    return run


@pytest.mark.parametrize("command", STARTS.values(), ids=STARTS)
@pytest.mark.parametrize(
    "place", ["graphmeta", "trio", "actors._graph", "actors._runtime", "actors._cli", "actors._cli._main"]
)
def test_ctrl_c_while_it_is_loaded_ends_it_without_a_word(start, command, place):
    if not Path(command[0]).exists():
        pytest.skip("the script is not installed beside this Python")
    told = start([*command, "--version"], place)
    assert (told.returncode, told.stdout, told.stderr) == (130, "", "")


@pytest.mark.parametrize("command", STARTS.values(), ids=STARTS)
def test_a_command_that_was_loaded_runs(start, command):
    if not Path(command[0]).exists():
        pytest.skip("the script is not installed beside this Python")
    told = start([*command, "--version"])
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith("trellis ")


def test_ctrl_c_while_a_program_loads_the_package_is_the_programs(start):
    told = start([sys.executable, "-c", "import actors"], "actors._graph")
    assert told.returncode == -signal.SIGINT
    assert told.stderr.rstrip().endswith("KeyboardInterrupt")


def test_a_program_that_has_loaded_the_package_has_its_ctrl_c(start):
    asks = "import actors, signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    assert start([sys.executable, "-c", asks]).stdout == "True\n"


def test_whoever_was_started_to_ignore_ctrl_c_goes_on(start):
    ignoring = ["sh", "-c", 'trap "" INT; exec "$0" "$@"', sys.executable, "-m", "actors", "--version"]
    told = start(ignoring, "actors._graph")
    assert (told.returncode, told.stderr) == (0, "")


def test_what_draws_is_not_loaded_by_a_command_that_does_not(start):
    asks = "import sys; from actors._cli import main; sys.exit(main(['graph']) + 10 * ('rich' in sys.modules))"
    told = start([sys.executable, "-c", asks])
    assert (told.returncode, told.stderr.startswith("trellis: ")) == (1, True)
