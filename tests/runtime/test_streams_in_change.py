"""While edges, subscribers and publishers come and go, here and across wires: nothing lost, nothing twice, in order."""

import trio
from halls import open_hall
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

TOPICS = "ABCDEF"
WAYS = ("local", "memory", "child")

edges = st.tuples(st.sampled_from(TOPICS), st.sampled_from(TOPICS)).filter(lambda edge: edge[0] < edge[1])
subscriptions = st.tuples(st.sampled_from(WAYS), st.sampled_from(TOPICS), st.integers(1, 5))
publications = st.tuples(st.sampled_from(WAYS), st.sampled_from(TOPICS), st.integers(1, 60))


def reached(kept, topic):
    """Every topic that a message on *topic* gets to along *kept* edges."""
    found = {topic}
    for start, end in sorted(kept):
        if start in found:
            found.add(end)
    return found


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    kept=st.sets(edges, max_size=6),
    passing=st.lists(edges, max_size=6),
    listeners=st.lists(subscriptions, min_size=1, max_size=4),
    speakers=st.lists(publications, min_size=1, max_size=3),
)
def test_on_edges_that_stay_nothing_is_lost_doubled_or_overtaken(kept, passing, listeners, speakers):
    trio.run(check_flow, kept, [edge for edge in passing if edge not in kept], listeners, speakers)


async def check_flow(kept, passing, listeners, speakers):
    heard = [[] for _ in listeners]
    async with open_hall() as hall, trio.open_nursery() as listening:
        ready = [trio.Event() for _ in listeners]
        async with hall.join("memory", "wires") as wires:
            await wires.connect_many(kept)

            async def listen(index, way, topic, max_queue):
                async with hall.join(way, f"listener {index}") as session:
                    async with session.subscriber(topic, max_queue=max_queue) as messages:
                        ready[index].set()
                        async for message in messages:
                            heard[index].append(tuple(message))

            async def speak(index, way, topic, count):
                async with hall.join(way, f"speaker {index}") as session, session.publisher(topic) as messages:
                    for number in range(count):
                        await messages.send([index, number])
                    await session.sync()

            async def change():
                while True:
                    for edge in passing:
                        await wires.connect(*edge)
                        await trio.lowlevel.checkpoint()
                    for edge in passing:
                        await wires.disconnect(*edge)

            for index, listener in enumerate(listeners):
                listening.start_soon(listen, index, *listener)
            for event in ready:
                await event.wait()
            async with trio.open_nursery() as changing:
                if passing:
                    changing.start_soon(change)
                async with trio.open_nursery() as speaking:
                    for index, speaker in enumerate(speakers):
                        speaking.start_soon(speak, index, *speaker)
                changing.cancel_scope.cancel()
            await wires.sync()
        listening.cancel_scope.cancel()
    for messages, (_, topic, _) in zip(heard, listeners, strict=True):
        for index, (_, origin, count) in enumerate(speakers):
            numbers = [number for speaker, number in messages if speaker == index]
            # Once each and in order, whatever else came and went; and all of them along edges that stayed.
            assert numbers == sorted(set(numbers))
            if topic in reached(kept, origin):
                assert numbers == list(range(count))
            elif topic not in reached(kept | set(passing), origin):
                assert numbers == []
