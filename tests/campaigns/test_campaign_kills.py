"""Client processes killed under load, and stopped without a word: released at once, in time, and none of them early."""

import signal
from contextlib import AsyncExitStack

import trio
import trio.testing
from campaign_clients import ClientProcess, client_process
from campaign_ends import Ends, say
from campaign_house import FULL, House, idle_of, p99, scale, settle, websocket_house

from actors import Session
from transport import Limits

KILLS = scale(1000, 60, 20)
WORKERS = 6
RATE = 80
"""Operations a second of each worker; all of them make more than 200."""
STOPPED = scale(50, 10, 5)
AT_ONCE = 5


async def work(house: House, victims: trio.MemorySendChannel[tuple[ClientProcess, trio.Event]]) -> None:
    while True:
        async with client_process(house.door, f"work {RATE}") as client:
            await client.hear("ready")
            killed = trio.Event()
            await victims.send((client, killed))
            await killed.wait()


async def flowing(house: House, watcher: Session) -> None:
    """A fault counts only under load: wait until the others have made ten changes more."""
    async with watcher.watch(house.graph.snapshot()) as changes:
        for _ in range(10):
            await changes.receive()


async def test_the_killed_are_released_at_once_and_whole_while_others_work() -> None:
    async with websocket_house(Limits()) as house, house.local("watcher") as watcher:
        idle = idle_of(house.graph)
        async with trio.open_nursery() as nursery:
            ends = Ends(house, watcher)
            await nursery.start(ends.run)
            send, victims = trio.open_memory_channel[tuple[ClientProcess, trio.Event]](0)
            for _ in range(WORKERS):
                nursery.start_soon(work, house, send)
            seconds = []
            began, first = trio.current_time(), house.graph.snapshot().revision
            for _ in range(KILLS):
                client, killed = await victims.receive()
                await flowing(house, watcher)
                at = trio.current_time()
                client.send_signal(signal.SIGKILL)
                seconds.append(await ends.next() - at)
                assert ends.none_left()
                snapshot = house.graph.snapshot()
                assert {owner for owners in snapshot.edge_owners.values() for owner in owners} <= set(snapshot.sessions)
                killed.set()
            rate = (house.graph.snapshot().revision - first) / (trio.current_time() - began)
            nursery.cancel_scope.cancel()
        await settle(house.graph, idle)
    say(f"kill -9 at {rate:.0f} changes/s", seconds)
    if FULL:
        assert rate >= 200
        assert p99(seconds) <= 0.1


SILENT = Limits(heartbeat_interval=0.5, heartbeat_timeout=1.0)
BOUND = SILENT.heartbeat_interval + SILENT.heartbeat_timeout + 0.1


async def test_the_stopped_are_released_in_time_and_none_that_answers_is_early() -> None:
    async with websocket_house(SILENT) as house, house.local("watcher") as watcher, trio.open_nursery() as nursery:
        ends = Ends(house, watcher)
        await nursery.start(ends.run)
        idle = idle_of(house.graph)
        seconds = []
        async with AsyncExitStack() as stack:
            honest = [await stack.enter_async_context(client_process(house.door, "edges")) for _ in range(2)]
            for client in honest:
                await client.hear("ready")
            for _ in range(STOPPED // AT_ONCE):
                seconds += await stop_some(house, ends, honest)
            assert len(house.graph.sessions()) == 1 + len(honest)
        for _ in honest:
            await ends.next()
        assert ends.none_left()
        await settle(house.graph, idle)
        nursery.cancel_scope.cancel()
    say("SIGSTOP, 0.5 + 1 s", seconds)
    assert len(seconds) == STOPPED
    assert min(seconds) > SILENT.heartbeat_timeout / 2
    assert not FULL or max(seconds) <= BOUND


async def stop_some(house: House, ends: Ends, honest: list[ClientProcess]) -> list[float]:
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(client_process(house.door, "edges")) for _ in range(AT_ONCE)]
        for client in clients:
            await client.hear("ready")
        at = trio.current_time()
        for client in clients:
            client.send_signal(signal.SIGSTOP)
        # A short sleep is no death.
        for client in honest:
            client.send_signal(signal.SIGSTOP)
        await trio.sleep(0.1)
        for client in honest:
            client.send_signal(signal.SIGCONT)
        return [await ends.next() - at for _ in clients]
