"""Main functions in scripts of their own: real threads, real signals, exit codes, and nothing left behind."""

import os
import signal
import subprocess
import sys

import pytest

HEAD = """
import os, signal, sys, threading, time, trio
from actors import *

def say(*words):
    # In one piece: two threads speak here.
    sys.stdout.write(" ".join(map(str, words)) + "\\n")
    sys.stdout.flush()

class Beat(Unit):
    OUTPUT = OutputStream(int)
    @publisher(OUTPUT)
    async def beat(self):
        say("trio in", threading.current_thread().name)
        for number in range(10**9):
            await trio.sleep(0.001)
            yield self.OUTPUT, number
    async def shutdown(self):
        say("beat is down")

class Window(Unit):
    INPUT = InputStream(int)
    def __init__(self):
        super().__init__()
        self.newest, self.enough = 0, threading.Event()
    @subscriber(INPUT)
    async def take(self, number):
        self.newest = number
        if number > 20:
            self.enough.set()
    @main
    def show(self):
        assert threading.current_thread() is threading.main_thread()
        self.look()
    def look(self):
        self.enough.wait()
        say("seen")

def go(window):
    run(BEAT=Beat(), WINDOW=window, connections=[("BEAT/OUTPUT", "WINDOW/INPUT")], serve=False)
"""
DEAF = """
class Deaf(Window):
    def look(self):
        try:
            # Inside, or the signal could strike between the word and the block that is to be left.
            say("looking")
            while True:
                time.sleep(60)
        finally:
            say("window closed")
go(Deaf())
"""
LISTENS = """
shown = threading.Event()
class Listens(Unit):
    @main
    def show(self, stopping):
        shown.set()
        say("looking", stopping.wait(60))
class Falls(Unit):
    @task
    async def fall(self):
        await trio.to_thread.run_sync(shown.wait)
        raise ValueError("no signal")
run(WINDOW=Listens(), FALLS=Falls(), serve=False)
"""
BROKEN = """
class Broken(Window):
    def look(self):
        raise OSError("no display")
go(Broken())
"""
IGNORED = """
import actors._runtime._main_thread as house
house.GRACE = 0.05
shown = threading.Event()
class Falls(Unit):
    @task
    async def fall(self):
        await trio.to_thread.run_sync(shown.wait)
        raise ValueError("no signal")
class Deaf(Unit):
    @main
    def show(self):
        try:
            shown.set()
            while True:
                time.sleep(60)
        finally:
            say("window closed")
run(WINDOW=Deaf(), FALLS=Falls(), serve=False)
"""
ELSEWHERE = """
def elsewhere():
    try:
        go(Window())
    except InvalidComponent as error:
        say(error)
thread = threading.Thread(target=elsewhere)
thread.start()
thread.join()
"""


@pytest.fixture
def script():
    started = []

    def start(body):
        command = [sys.executable, "-W", "error", "-c", HEAD + body]
        # A process group of its own, as a terminal gives it.
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_it_runs_in_the_main_thread_beside_trio_and_its_end_ends_the_graph(script):
    process = script("go(Window())")
    out, error = process.communicate(timeout=30)
    assert (process.returncode, error) == (0, "")
    assert out == "trio in trio\nseen\nbeat is down\n"


def test_its_error_ends_the_graph_as_itself_and_says_where(script):
    process = script(BROKEN)
    out, error = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "OSError: no display\nin unit WINDOW, task show" in error
    assert out.endswith("beat is down\n")


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_reaches_the_main_function_and_trio(script, times):
    """A second one may strike while the function cleans up, as everywhere in Python."""
    process = script(DEAF)
    assert {process.stdout.readline(), process.stdout.readline()} == {"looking\n", "trio in trio\n"}
    for _ in range(times):
        os.killpg(process.pid, signal.SIGINT)
    out, error = process.communicate(timeout=30)
    assert (process.returncode, error) == (130, "")
    assert set(out.splitlines()) - {"window closed"} == {"beat is down"}
    assert times == 2 or "window closed" in out


def test_when_the_graph_fails_it_is_told_to_stop(script):
    process = script(LISTENS)
    out, error = process.communicate(timeout=30)
    assert (process.returncode, out) == (1, "looking True\n")
    assert error.strip().splitlines()[-3:-1] == ["ValueError: no signal", "in unit FALLS, task fall"]


def test_one_that_does_not_listen_is_interrupted(script):
    process = script(IGNORED)
    out, error = process.communicate(timeout=30)
    assert (process.returncode, out) == (1, "window closed\n")
    assert "ValueError: no signal" in error
    assert "KeyboardInterrupt" not in error


def test_outside_of_the_main_thread_it_is_refused(script):
    process = script(ELSEWHERE)
    out, error = process.communicate(timeout=30)
    assert (process.returncode, error) == (0, "")
    assert "Window.show: needs the main thread" in out


STRUCK = """
def leave(number, frame):
    sys.exit(7)
signal.signal(signal.SIGTERM, leave)
class Slow(Unit):
    async def initialize(self):
        say("initializing")
        await trio.sleep_forever()
run(SLOW=Slow(), WINDOW=Window(), serve=False)
"""


def test_what_a_signal_handler_of_the_program_raises_ends_trio_first(script):
    process = script(STRUCK)
    assert process.stdout.readline() == "initializing\n"
    process.send_signal(signal.SIGTERM)
    out, error = process.communicate(timeout=30)
    assert (process.returncode, out, error) == (7, "", "")


STRUCK_EARLY = """
start = threading.Thread.start
def struck(thread):
    start(thread)
    if thread.name == "trio":
        os.kill(os.getpid(), signal.SIGTERM)
threading.Thread.start = struck
"""


def test_it_ends_trio_first_even_while_trio_is_being_started(script):
    process = script(STRUCK_EARLY + STRUCK)
    out, error = process.communicate(timeout=15)
    assert (process.returncode, out.removeprefix("initializing\n"), error) == (7, "", "")
