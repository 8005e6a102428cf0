"""When the sessions of a graph end, as one of its watchers sees it, and how long that took."""

import math

import trio
from campaign_house import House, p99

from actors import Session


def say(title: str, seconds: list[float]) -> None:
    middle = sorted(seconds)[len(seconds) // 2]
    print(f"{title}: {len(seconds)}, median {middle * 1e3:.1f} ms, p99 {p99(seconds) * 1e3:.1f} ms")


class Ends:
    """The end events of a graph, with their times."""

    def __init__(self, house: House, session: Session) -> None:
        self._send, self._receive = trio.open_memory_channel[float](math.inf)
        self.house = house
        self.session = session

    async def run(self, task_status: trio.TaskStatus[None]) -> None:
        async with self.session.watch(self.house.graph.snapshot()) as changes:
            task_status.started()
            async for change in changes:
                for _ in change.ended:
                    self._send.send_nowait(trio.current_time())

    async def next(self) -> float:
        with trio.fail_after(20):
            return await self._receive.receive()

    def none_left(self) -> bool:
        return self._receive.statistics().current_buffer_used == 0
