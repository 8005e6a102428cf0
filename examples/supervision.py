"""Supervised actors without any graph: a worker that crashes comes back, and its queue is not lost."""

import trio

from actors import Actor, ActorCrashed, open_actor_nursery


class Worker(Actor):
    """Squares numbers, and cannot take negative ones."""

    expected = ()  # every error is a crash

    async def started(self) -> None:
        """Make ready: whoever starts it waits for this."""
        print("worker ready")

    async def square(self, number: int) -> int:
        """Square a number."""
        if number < 0:
            raise ValueError(f"{number} is negative")
        return number * number


async def main() -> None:
    """Crash it once."""
    async with open_actor_nursery("app", max_restarts=3, within=5.0) as nursery:
        worker = await nursery.start(Worker, name="worker", restart="transient")
        print(await worker.call(Worker.square, 3))
        try:
            await worker.call(Worker.square, -1)
        except ActorCrashed as error:
            print("crashed:", error.__cause__)
        print(await worker.call(Worker.square, 4))
        print(nursery.tree().actors[0].restarts, "restart")


if __name__ == "__main__":
    trio.run(main)
