"""A process that changes persistent edges of a graph with a state file as fast as it is answered, until it is killed.

``python state_writer.py FILE FIRST``. Says ``opening``, and then what it was answered: ``+N`` for an edge that is
there, ``-N`` for one that is gone; numbers count from FIRST. Every third edge goes again.
"""

import itertools
import os
import sys
from functools import partial

import trio

from actors import Session, open_graph, open_session

TASKS = 8


def say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


async def work(session: Session, numbers: "itertools.count[int]") -> None:
    for number in numbers:
        await session.connect("A", str(number), persistent=True)
        say(f"+{number}")
        if number % 3 == 0:
            await session.disconnect("A", str(number), persistent=True)
            say(f"-{number}")


async def main(path: str, first: int) -> None:
    numbers = itertools.count(first)
    say("opening")
    async with open_graph(state=path) as graph, open_session(graph, name="writer") as session:
        async with trio.open_nursery() as nursery:
            for _ in range(TASKS):
                nursery.start_soon(partial(work, session, numbers))


if __name__ == "__main__":
    trio.run(main, sys.argv[1], int(sys.argv[2]))
