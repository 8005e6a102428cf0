"""Messages without units: publishers and subscribers of sessions, back-pressure, a leaky reader, and a held flow.

A message goes to everyone who subscribed at its topic or downstream of it. `send` waits for the slowest of them, but
never for a leaky one, which keeps the newest and counts what it dropped.
"""

import trio
import trio.testing

from actors import Publisher, Session, Subscriber, open_graph, open_session


async def send(source: Publisher, count: int) -> None:
    """Send numbers; says when it is through."""
    for number in range(count):
        await source.send(number)
    print("all sent")


async def take(subscriber: Subscriber, count: int) -> list[int]:
    """Take some messages."""
    return [await subscriber.receive() for _ in range(count)]


async def tell(session: Session) -> None:
    """A sensor, a filter that must not miss anything, and a plot that may."""
    await session.connect_many([("SENSOR/OUT", "FILTER/IN"), ("FILTER/IN", "PLOT/IN")])
    async with (
        trio.open_nursery() as nursery,
        session.publisher("SENSOR/OUT", int) as source,
        session.subscriber("FILTER/IN", int, max_queue=4) as careful,
        session.subscriber("PLOT/IN", int, leaky=True, max_queue=1) as hasty,
    ):
        nursery.start_soon(send, source, 10)
        await trio.testing.wait_all_tasks_blocked()
        print("sent so far:", source.sent, "- the careful one has room for no more")
        print("the careful one gets all:", await take(careful, 10))
        print("the hasty one has the newest:", await take(hasty, 1), "and lost", hasty.dropped)

        async with session.paused():
            nursery.start_soon(send, source, 1)
            await trio.testing.wait_all_tasks_blocked()
            print("while the flow is held, sent:", source.sent)
        print("afterwards:", await take(careful, 1))

        # Edges come and go while messages flow.
        await session.disconnect("SENSOR/OUT", "FILTER/IN")
        await source.send(99)
        print("after the edge went, received:", careful.received, "of", source.sent)


async def main() -> None:
    """A graph and a session."""
    async with open_graph() as graph, open_session(graph, name="lab") as session:
        await tell(session)


if __name__ == "__main__":
    trio.run(main)
