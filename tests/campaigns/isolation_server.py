"""A served graph in a process of its own, which can be told to have a bad actor in it.

Prints address and token; ``bad`` and ``good`` on its standard input let the actor in and out.
"""

import gc
import sys

import trio
from campaign_house import websocket_house
from test_campaign_isolation import bad_actor

from actors._cli._collector import collect_seldom
from transport import Limits


async def main() -> None:
    async with websocket_house(Limits()) as house:
        collect_seldom()
        print(house.door.url, house.door.token, flush=True)
        while await trio.to_thread.run_sync(sys.stdin.readline) == "bad\n":
            async with bad_actor(house):
                print("bad", flush=True)
                assert await trio.to_thread.run_sync(sys.stdin.readline) == "good\n"
            print("good", flush=True)


if __name__ == "__main__":
    gc.collect()
    trio.run(main)
