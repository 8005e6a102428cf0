"""Sessions of other processes: how they end when their process does, seen from the graph's own process."""

import signal
import subprocess
import sys
from functools import partial

import pytest
import trio

from actors import Door, SessionLost, open_graph, open_session, serve_websocket
from graphmeta import Change, Resync

CLIENT = """
import sys, trio
from actors import open_session

async def main():
    async with open_session(sys.argv[1], name="child", token=sys.argv[2]) as session:
        await session.connect_many([("A", f"B{n}") for n in range(100)])
        print("ready", flush=True)
        {then}

try:
    trio.run(main)
except BaseException as error:
    print(type(error).__name__, flush=True)
"""
ENDINGS = {
    "returns": ("return", None),
    "raises": ("raise ValueError('mine')", None),
    "exits without a word": ("import os; os._exit(3)", None),
    "is killed": ("await trio.sleep_forever()", signal.SIGKILL),
    "is interrupted": ("await trio.sleep_forever()", signal.SIGINT),
    "is terminated": ("await trio.sleep_forever()", signal.SIGTERM),
}


async def spawn(door: Door, then: str) -> trio.Process:
    command = [sys.executable, "-c", CLIENT.replace("{then}", then), door.url, door.token]
    return await trio.lowlevel.open_process(command, stdout=subprocess.PIPE)


@pytest.mark.parametrize("ending", ENDINGS)
async def test_whatever_ends_its_process_a_session_is_released_once_and_whole(ending):
    then, number = ENDINGS[ending]
    async with open_graph() as graph, trio.open_nursery() as nursery:
        door = await nursery.start(partial(serve_websocket, graph))
        async with open_session(graph, name="watcher") as watcher, watcher.watch() as changes:
            assert isinstance(await changes.receive(), Resync)
            with trio.fail_after(20):
                process = await spawn(door, then)
                seen = [await changes.receive() for _ in range(2)]
                if number is not None:
                    process.send_signal(number)
                seen.append(await changes.receive())
                await process.wait()
            started, connected, ended = seen
            assert all(isinstance(change, Change) for change in seen)
            assert [entry.name for entry in started.started] == ["child"]
            assert len(connected.edges_added) == 100
            assert [entry.name for entry in ended.ended] == ["child"]
            assert ended.edges_removed == connected.edges_added
            assert graph.snapshot().graph == {}
            with pytest.raises(trio.WouldBlock):
                changes.receive_nowait()
        nursery.cancel_scope.cancel()


async def test_when_the_servers_process_is_killed_a_session_is_lost_at_once():
    server = (
        "import sys, trio\n"
        "from functools import partial\n"
        "from actors import open_graph, serve_websocket\n"
        "async def main():\n"
        "    async with open_graph() as graph, trio.open_nursery() as nursery:\n"
        "        door = await nursery.start(partial(serve_websocket, graph))\n"
        "        print(door.url, door.token, flush=True)\n"
        "        await trio.sleep_forever()\n"
        "trio.run(main)\n"
    )
    process = await trio.lowlevel.open_process([sys.executable, "-c", server], stdout=subprocess.PIPE)
    assert process.stdout is not None
    line = b""
    while not line.endswith(b"\n"):
        line += await process.stdout.receive_some()
    url, token = line.decode().split()
    with trio.fail_after(5), pytest.raises(SessionLost):
        async with open_session(url, name="orphan", token=token) as session:
            await session.connect("A", "B")
            process.kill()
            await trio.sleep_forever()
    await process.wait()


INTERRUPTED = """
import os, signal, sys, threading, time, trio
from actors import open_graph, open_session
from actors._graph._supervisor._supervisor import GraphSupervisor

span = []
original = GraphSupervisor.dismiss

def timed(self, *args):
    span.append(time.perf_counter())
    try:
        return original(self, *args)
    finally:
        span.append(time.perf_counter())

# Around the release, not inside it: the protection under test is its own.
GraphSupervisor.dismiss = trio.lowlevel.enable_ki_protection(timed)
struck = []

def strike(leaving, delay):
    leaving.wait()
    while not span:
        pass
    time.sleep(delay)
    struck.append(time.perf_counter())
    os.kill(os.getpid(), signal.SIGINT)

async def main(delay):
    graphs = []
    leaving = threading.Event()
    thread = threading.Thread(target=strike, args=(leaving, delay))
    thread.start()
    try:
        async with open_graph() as graph:
            async with open_session(graph, name="large") as session, open_session(graph, name="other") as other:
                await session.connect_many([(f"A{n % 100}", f"B{n}") for n in range(30_000)])
                await other.connect("X", "Y")
                graphs.append(graph)
                session_id = session.id
                before = graph.snapshot()
                leaving.set()
                try:
                    # Only the large one ends here.
                    graph._supervisor.member("large").end()
                    await trio.sleep(1)
                finally:
                    # Here, where the only interrupt has struck already: it could also strike between this and that.
                    after = graph.snapshot()
                    print("whole" if len(after.edge_owners) == 1 and after.revision == before.revision + 1 else "HALF")
    finally:
        thread.join()

try:
    trio.run(main, float(sys.argv[1]))
except KeyboardInterrupt:
    inside = span[0] <= struck[0] <= span[1]
    print("interrupted", "inside" if inside else "outside")
"""


async def test_ctrl_c_into_a_large_release_comes_before_or_after_it_never_inside():
    reports = []
    for delay in (0.0, 0.001, 0.003, 0.006, 0.01):
        done = await trio.run_process([sys.executable, "-c", INTERRUPTED, str(delay)], capture_stdout=True, check=False)
        reports.append(done.stdout.decode().split())
    assert all(report[:2] == ["whole", "interrupted"] for report in reports), reports
    assert any(report[-1] == "inside" for report in reports), reports
