"""``run`` in a script of its own: its output, its exit codes, and what a second terminal sees of it."""

import json
import os
import signal
import subprocess
import sys

import pytest

HEAD = """
import sys, trio
from actors import *
from actors import Unit, task, run, Collection, Topic, NormalTermination

class Wait(Unit):
    @task
    async def wait(self):
        print("waiting", flush=True)
        await trio.sleep_forever()

    async def shutdown(self):
        print("shut down", flush=True)
"""
CYCLE = """
class Circle(Collection):
    X = Topic(int)
    Y = Topic(int)
    def network(self):
        return ((self.X, self.Y), (self.Y, self.X))

run(SYS=Circle())
"""
TWO_SETTINGS = """
class Gain(Unit):
    SETTINGS = int

run(SYS=Gain(1, 2))
"""
FAULTY = """
class Faulty(Unit):
    @task
    async def fail(self):
        raise ValueError("no signal")

run(SYS=Faulty())
"""


@pytest.fixture
def script(tmp_path):
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    started = []

    def start(body):
        command = [sys.executable, "-W", "error", "-c", HEAD + body]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        started.append(process)
        return process

    start.environment = environment
    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (CYCLE, ["CycleError", "SYS/X -> SYS/Y"]),
        (TWO_SETTINGS, ["InvalidComponent", "Gain"]),
        (FAULTY, ["ValueError: no signal", "in unit SYS, task fail"]),
    ],
    ids=["a cyclic network", "two settings", "a unit's error"],
)
def test_what_is_wrong_ends_the_script_with_its_reason_last(script, body, words):
    process = script(body)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 1
    last = error.strip().splitlines()[-3:]
    assert all(any(word in line for line in last) for word in words)


def test_ctrl_c_shuts_down_and_exits_with_130(script):
    process = script("run(SYS=Wait())")
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=10)
    assert (process.returncode, out) == (130, "shut down\n")
    assert error.startswith("graph server: ws://127.0.0.1:")
    assert error.count("\n") == 1


def test_a_second_terminal_finds_a_script_that_runs(script):
    process = script("run(SYS=Wait())")
    assert process.stdout.readline() == "waiting\n"
    command = [sys.executable, "-m", "actors", "snapshot", "--json"]
    snapshot = subprocess.run(command, capture_output=True, text=True, env=script.environment, check=True)
    sessions = json.loads(snapshot.stdout)["sessions"].values()
    assert "SYS" in next(s for s in sessions if s["name"] == "runner")["metadata"]["units"]


def test_one_that_does_not_serve_is_found_by_nobody_and_says_nothing(script):
    process = script("run(SYS=Wait(), serve=False)")
    assert process.stdout.readline() == "waiting\n"
    command = [sys.executable, "-m", "actors", "sessions"]
    assert subprocess.run(command, capture_output=True, env=script.environment, check=False).returncode == 1
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=10) == ("shut down\n", "")


def test_it_joins_the_graph_that_the_environment_names_and_says_so(script):
    first = script("run(FIRST=Wait())")
    assert first.stdout.readline() == "waiting\n"
    url = first.stderr.readline().split()[2]
    script.environment["TRELLIS_GRAPH"] = url
    second = script("run(SECOND=Wait())")
    assert second.stdout.readline() == "waiting\n"
    assert second.stderr.readline().split()[2] == url
    command = [sys.executable, "-m", "actors", "snapshot", "--json"]
    snapshot = subprocess.run(command, capture_output=True, text=True, env=script.environment, check=True)
    sessions = json.loads(snapshot.stdout)["sessions"].values()
    assert {name for each in sessions if each["metadata"] for name in each["metadata"]["units"]} == {"FIRST", "SECOND"}
    first.send_signal(signal.SIGINT)
    assert first.wait(timeout=10) == 130
    _, error = second.communicate(timeout=10)
    assert (second.returncode, "SessionLost" in error) == (1, True)
