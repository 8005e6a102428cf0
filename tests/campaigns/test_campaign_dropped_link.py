"""A link that drops without a word, in a network namespace: its sessions are released in time, and nobody else's.

Nothing of the client's process dies and no packet says goodbye: the kernel of the server has nothing to report.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import AsyncExitStack

import attrs
import pytest
import trio
from campaign_clients import client_process
from campaign_ends import Ends, say
from campaign_house import FULL, House, idle_of, scale, settle, websocket_house

from transport import Limits

DROPPED = scale(50, 10, 5)
AT_ONCE = 5
LIMITS = Limits(heartbeat_interval=0.5, heartbeat_timeout=1.0)
BOUND = LIMITS.heartbeat_interval + LIMITS.heartbeat_timeout + 0.1
# Of the addresses that are set aside for measurements, four that nobody else here is likely to take.
_FOUR = os.getpid() * 4
_NET = f"198.18.{_FOUR >> 8 & 255}"
NEAR, FAR = f"{_NET}.{(_FOUR & 255) + 1}", f"{_NET}.{(_FOUR & 255) + 2}"


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@attrs.frozen
class Cable:
    """Two interfaces that are joined, the far one in a network namespace of its own."""

    namespace: str
    near: str
    far: str

    @property
    def within(self) -> tuple[str, ...]:
        return ("ip", "netns", "exec", self.namespace)

    def lay(self) -> None:
        ip("netns", "add", self.namespace)
        ip("link", "add", self.near, "type", "veth", "peer", "name", self.far, "netns", self.namespace)
        ip("address", "add", f"{NEAR}/30", "dev", self.near)
        ip("-n", self.namespace, "address", "add", f"{FAR}/30", "dev", self.far)
        ip("link", "set", self.near, "up")
        self.mend()

    def drop(self) -> None:
        ip("-n", self.namespace, "link", "set", self.far, "down")

    def mend(self) -> None:
        ip("-n", self.namespace, "link", "set", self.far, "up")

    def remove(self) -> None:
        # The namespace takes the interfaces with it, unless it is not there.
        subprocess.run(["ip", "netns", "delete", self.namespace], check=False, capture_output=True)


@pytest.fixture
def cable() -> Iterator[Cable]:
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("a network namespace needs root and iproute2")
    cable = Cable(f"trellis-{os.getpid()}", f"tn{os.getpid()}", f"tf{os.getpid()}")
    try:
        try:
            cable.lay()
        except subprocess.CalledProcessError as error:
            pytest.skip(f"this machine makes no network namespace: {error.stderr.decode().strip()}")
        yield cable
    finally:
        cable.remove()


async def test_behind_a_dropped_link_sessions_are_released_in_time_and_nobody_else_is(cable: Cable) -> None:
    async with AsyncExitStack() as stack:
        options = {"host": NEAR, "insecure": True, "hosts": ["127.0.0.1"]}
        house = await stack.enter_async_context(websocket_house(LIMITS, **options))
        watcher = await stack.enter_async_context(house.local("watcher"))
        nursery = await stack.enter_async_context(trio.open_nursery())
        ends = Ends(house, watcher)
        await nursery.start(ends.run)
        idle = idle_of(house.graph)
        async with client_process(house.door, "edges") as neighbour:
            await neighbour.hear("ready")
            seconds = [spent for _ in range(DROPPED // AT_ONCE) for spent in await drop_some(house, ends, cable)]
            assert [info.name for info in house.graph.sessions()] == ["watcher", "mortal"]
            assert ends.none_left()
        await ends.next()
        await settle(house.graph, idle)
        nursery.cancel_scope.cancel()
    say("dropped link, 0.5 + 1 s", seconds)
    assert len(seconds) == DROPPED
    # The last ping whose answer could come was sent before the link dropped, but not much.
    assert min(seconds) > LIMITS.heartbeat_timeout * 0.9
    assert not FULL or max(seconds) <= BOUND


async def drop_some(house: House, ends: Ends, cable: Cable) -> list[float]:
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(client_process(house.door, "edges", within=cable.within))
            for _ in range(AT_ONCE)
        ]
        for client in clients:
            await client.hear("ready")
        cable.drop()
        at = trio.current_time()
        released = [await ends.next() - at for _ in clients]
        assert all(client.process.poll() is None for client in clients)
    cable.mend()
    return released
