"""A replica that is only ever told of changes equals the graph, after as many changes as anybody cares to make.

Everything that a change can carry is among them: sessions, edges of sessions, of scopes and of nobody, endpoints,
metadata and settings. One replica reads a watch in process; another one is at the far end of a wire.
"""

import random
from contextlib import AsyncExitStack, suppress
from typing import Any

import pytest
from campaign_house import HOUSES, House, scale

from actors import Actor, ActorNursery, ActorRef, AddressTaken, CycleError, ScopeTaken, Session, open_actor_nursery
from graphmeta import Change, GraphMetadata, InitialSettings, UnitMetadata
from transport import Limits

CHANGES = {"local": scale(100_000, 10_000, 3_000), "memory": scale(10_000, 2_000, 500)}
PAUSE = 100
"""Acts between two looks at whether both are still the same; fewer than a watch holds."""
MOST = 6
TOPICS = [f"T{number}" for number in range(12)]
ADDRESSES = [f"SYS/U{number}" for number in range(8)]
CARRIED = (
    "edges_added",
    "edges_removed",
    "ownership",
    "started",
    "ended",
    "scopes",
    "metadata",
    "endpoints",
    "settings",
)


class Member(Actor):
    """A session in a task of its own, because the blocks that it opens must nest."""

    def __init__(self, house: House, chance: random.Random) -> None:
        self.house = house
        self.chance = chance
        self.entered = AsyncExitStack()
        self.blocks: list[AsyncExitStack] = []
        self.holders: list[Any] = []
        """The session and its open scopes."""
        self.session: Session

    async def started(self) -> None:
        self.session = await self.entered.enter_async_context(self.house.local(f"m{self.chance.randrange(4)}"))
        self.holders.append(self.session)

    async def stopping(self) -> None:
        # The last block to be left first; the session takes what they hold if it ends before them.
        for block in reversed(self.blocks):
            await block.aclose()
        await self.entered.aclose()

    async def act(self) -> None:
        act = self.chance.choice((self.hold, self.hold, self.hold, self.persist, self.open, self.describe, self.report))
        # A refusal changes nothing, and so tells nobody of anything.
        with suppress(AddressTaken, CycleError, ScopeTaken):
            await act()

    def some_edges(self) -> list[tuple[str, str]]:
        pairs = [sorted(self.chance.sample(TOPICS, 2), key=TOPICS.index) for _ in range(self.chance.randrange(1, 4))]
        # Now and then backwards, to be refused.
        return [(one, other) if self.chance.random() < 0.95 else (other, one) for one, other in pairs]

    async def hold(self) -> None:
        holder = self.chance.choice(self.holders)
        await self.chance.choice([holder.connect_many, holder.connect_many, holder.disconnect_many])(self.some_edges())
        if self.chance.random() < 0.05:
            await holder.clear()

    async def persist(self) -> None:
        how = self.chance.choice([self.session.connect_many, self.session.disconnect_many])
        await how(self.some_edges(), persistent=True)

    async def open(self) -> None:
        """Open a scope or an endpoint; or close the one that was opened last."""
        if len(self.blocks) > self.chance.randrange(5):
            await self.blocks.pop().aclose()
            return
        block = AsyncExitStack()
        if self.chance.random() < 0.5:
            self.holders.append(await block.enter_async_context(self.holders[-1].scope(self.chance.choice("xyz"))))
            block.callback(self.holders.pop)
        else:
            opening = self.chance.choice([self.session.publisher, self.session.subscriber])
            await block.enter_async_context(opening(self.chance.choice(TOPICS), int))
        self.blocks.append(block)

    async def describe(self) -> None:
        settings = InitialSettings(readable={"gain": self.chance.random()})
        addresses = self.chance.sample(ADDRESSES, self.chance.randrange(3))
        units = {each: UnitMetadata(each, each[-2:], "t.U", initial_settings=settings) for each in addresses}
        await self.session.register_metadata(GraphMetadata(units=units) if units else None)

    async def report(self) -> None:
        metadata = self.house.graph.snapshot().sessions[self.session.id].metadata
        for address in metadata.units if metadata else ():
            await self.session._report_settings(address, {"gain": self.chance.random()})


async def act_at_random(house: House, nursery: ActorNursery, members: list[ActorRef[Member]], chance: random.Random):
    if len(members) < 2 or (len(members) < MOST and chance.random() < 0.02):
        members.append(await nursery.start(Member, house, chance))
    elif chance.random() < 0.02:
        await members.pop(chance.randrange(len(members))).stop()
    await chance.choice(members).call(Member.act)


@pytest.mark.parametrize("kind", CHANGES)
async def test_a_replica_that_applies_every_change_equals_the_graph(kind: str) -> None:
    chance, made, carried = random.Random(f"replica, {kind}"), 0, set[str]()
    members: list[ActorRef[Member]] = []
    async with HOUSES[kind](Limits()) as house, house.join("replica") as reader, open_actor_nursery() as nursery:
        replica = await reader.snapshot()
        async with reader.watch(replica) as changes:
            while made < CHANGES[kind]:
                for _ in range(PAUSE):
                    await act_at_random(house, nursery, members, chance)
                while replica.revision < house.graph.snapshot().revision:
                    change = await changes.receive()
                    assert isinstance(change, Change)
                    carried.update(name for name in CARRIED if getattr(change, name))
                    replica = replica.apply(change)
                    made += 1
                whole = house.graph.snapshot()
                assert replica == whole
                # Its views are carried on from change to change, those of the whole are derived anew.
                assert (replica.edge_owners, replica.graph) == (whole.edge_owners, whole.graph)
    print(f"replica, {kind}: {made} changes")
    assert carried == set(CARRIED)
