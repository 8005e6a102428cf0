"""Workers of scripts: classes that live in ``__main__``, Ctrl-C, and runners that are killed."""

import os
import select
import signal
import subprocess
import sys

import pytest

HEAD = """
import os, sys, trio, attrs, threading
from actors import *

@attrs.frozen
class Packet:
    number: int
    anything: object = None

class TooLarge(Exception):
    pass

class Count(Unit):
    OUTPUT = OutputStream(Packet)
    @publisher(OUTPUT)
    async def count(self):
        for number in range(10):
            yield self.OUTPUT, Packet(number, {number})

class Square(Unit):
    PROCESS = True
    INPUT = InputStream(Packet)
    OUTPUT = OutputStream(Packet)
    async def initialize(self):
        print("worker", os.getpid(), flush=True)
    @subscriber(INPUT)
    @publisher(OUTPUT)
    async def square(self, packet):
        assert packet.anything == {packet.number}
        yield self.OUTPUT, Packet(packet.number ** 2, os.getpid())
    async def shutdown(self):
        print("shut down", flush=True)

class Judge(Unit):
    PROCESS = True
    INPUT = InputStream(Packet)
    @subscriber(INPUT)
    async def judge(self, packet):
        if type(packet) is not Packet or packet.anything == os.getpid():
            raise TypeError("no packet of another process")
        if packet.number == 49:
            raise TooLarge(packet.number)

class System(Collection):
    COUNT = Count()
    SQUARE = Square()
    JUDGE = Judge()
    def network(self):
        return ((self.COUNT.OUTPUT, self.SQUARE.INPUT), (self.SQUARE.OUTPUT, self.JUDGE.INPUT))
"""
CAUGHT = """
try:
    run(SYS=System(), serve=False)
except TooLarge as error:
    print(type(error) is TooLarge, error, error.__notes__[0], "in judge\\n" in str(error.__cause__))
"""
ENDS = """
class Ends(Unit):
    @task
    async def end(self):
        raise NormalTermination
    @main
    def show(self, stopping):
        stopping.wait()
        print("shown", flush=True)
run(SYS=Square(), ENDS=Ends(), serve=False)
print("ended")
"""
DEAF = """
class Deaf(Unit):
    PROCESS = True
    async def initialize(self):
        import actors._runtime._worker as house
        house.ORPHAN_GRACE = 0.1
        print("worker", os.getpid(), flush=True)
    @task
    async def compute(self):
        print("computing", flush=True)
        while True:
            pass
run(SYS=Deaf(), serve=False)
"""
DEAF_WINDOW = """
class Deaf(Unit):
    PROCESS = True
    @main
    def show(self):
        import time, actors._runtime._main_thread as house
        house.GRACE = 0.05
        try:
            print("worker", os.getpid(), flush=True)
            time.sleep(500)
        finally:
            print("window closed", flush=True)
run(WINDOW=Deaf(), serve=False)
"""
FORKS = """
import signal
class Forks(Unit):
    async def initialize(self):
        if os.fork() == 0:
            signal.pause()
        print("forked", flush=True)
run(SYS=Square(), FORKS=Forks(), serve=False)
"""


@pytest.fixture
def script():
    started = []

    def start(body):
        command = [sys.executable, "-W", "error", "-c", HEAD + body]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def worker_of(process):
    """The pid that a worker says first."""
    word, pid = process.stdout.readline().split()
    assert word == "worker"
    return int(pid)


def gone(pid, seconds=10.0):
    """Wait for the end of a process that is no child of ours; false if it is not gone in time."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)


def test_classes_of_a_script_cross_both_ways_and_its_errors_are_caught_as_themselves(script):
    process = script(CAUGHT)
    worker_of(process)
    out, error = process.communicate(timeout=30)
    assert (process.returncode, error) == (0, "")
    assert out == "shut down\nTrue 49 in unit SYS/JUDGE, task judge, message of type __main__.Packet True\n"


def test_a_worker_may_end_the_run_and_a_main_function_may_run_in_one(script):
    process = script(ENDS.replace("class Ends(Unit):", "class Ends(Unit):\n    PROCESS = True"))
    worker_of(process)
    out, error = process.communicate(timeout=30)
    assert (process.returncode, error) == (0, "")
    assert out.splitlines() == ["shown", "shut down", "ended"]


def test_ctrl_c_shuts_workers_down_and_exits_with_130(script):
    process = script("run(SYS=Square(), serve=False)")
    worker = worker_of(process)
    os.kill(worker, signal.SIGINT)
    os.killpg(process.pid, signal.SIGINT)
    out, error = process.communicate(timeout=30)
    assert (process.returncode, out, error) == (130, "shut down\n", "")
    assert gone(worker, 0)


def test_a_worker_does_not_survive_its_runner_and_still_shuts_down(script):
    process = script("run(SYS=Square(), serve=False)")
    worker = worker_of(process)
    process.kill()
    out, _ = process.communicate(timeout=30)
    assert out == "shut down\n"
    assert gone(worker)


def test_not_even_one_that_only_computes(script):
    process = script(DEAF)
    worker = worker_of(process)
    assert process.stdout.readline() == "computing\n"
    process.kill()
    assert gone(worker)
    process.communicate(timeout=30)


def test_nor_when_a_process_that_the_runner_forked_holds_its_sockets(script):
    process = script(FORKS)
    worker = worker_of(process)
    assert process.stdout.readline() == "forked\n"
    process.kill()
    try:
        assert process.stdout.readline() == "shut down\n"
        assert gone(worker)
    finally:
        os.killpg(process.pid, signal.SIGKILL)


def test_a_main_function_there_that_does_not_listen_is_interrupted_too(script):
    process = script(DEAF_WINDOW)
    worker = worker_of(process)
    # Only its own process may interrupt it: Ctrl-C is the runner's.
    os.kill(worker, signal.SIGINT)
    os.killpg(process.pid, signal.SIGINT)
    out, error = process.communicate(timeout=30)
    assert (process.returncode, out, error) == (130, "window closed\n", "")
    assert gone(worker, 0)
