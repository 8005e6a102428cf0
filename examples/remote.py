"""Messages across a websocket: a sender in another process, credits instead of a flood, and a type that cannot cross.

At a door messages are msgpack, read by the receiver's own type: nothing that a peer sends can be more than data. A type
that would not arrive as it was is refused when the endpoint opens.
"""

import sys
from functools import partial

import numpy as np
import trio
from axis_array import AxisArray

from actors import Door, MessageTypeNotPortable, open_graph, open_session, serve_websocket


class Opaque:
    """A class that says nothing of what it holds."""


async def send(url: str) -> None:
    """What the second process does; its token comes by the standard input, where nobody else can read it."""
    token = sys.stdin.readline().strip()
    async with open_session(url, name="camera", token=token) as session:
        try:
            async with session.publisher("CAM/RAW", Opaque):
                pass
        except MessageTypeNotPortable as error:
            print(error, flush=True)
        await session.connect("CAM/OUT", "VIEW/IN")
        async with session.publisher("CAM/OUT", AxisArray) as frames:
            for number in range(100):
                picture = np.full((480, 640), number, np.uint8)
                await frames.send(AxisArray(picture, ("row", "column"), key=f"frame {number}"))
            await session.sync()  # what is on its way when the block ends is lost


async def receive(door: Door) -> None:
    """What this process does: it takes slowly, and no more than three frames ever wait."""
    async with (
        trio.open_nursery() as nursery,
        open_session(door.url, name="viewer", token=door.token) as session,
        session.subscriber("VIEW/IN", AxisArray, max_queue=3) as frames,
    ):
        command = [sys.executable, __file__, door.url]
        nursery.start_soon(partial(trio.run_process, command, stdin=f"{door.token}\n".encode()))
        most, total = 0, 0
        for _ in range(100):
            frame = await frames.receive()
            total += int(frame.data[0, 0])
            most = max(most, frames.queued)
            await trio.sleep(0.001)
        print(f"{frame.key} of {frame.data.shape}: summed up to {total}, never more than 3 waited: {most <= 3}")


async def main() -> None:
    """Be one process or the other."""
    if len(sys.argv) > 1:
        await send(sys.argv[1])
        return
    async with open_graph() as graph, trio.open_nursery() as nursery:
        await receive(await nursery.start(serve_websocket, graph))
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    trio.run(main)
