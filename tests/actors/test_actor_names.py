"""Names, the registry inside a nursery, trees and what an actor says of itself."""

import attrs
import pytest
import trio
import trio.testing

from actors import Actor, ActorNotFound, Backoff, NameTaken, NurseryClosed, open_actor_nursery


class Counter(Actor):
    mailbox_bound = 8

    async def add(self) -> None: ...

    async def crash(self) -> None:
        raise ValueError("x")


class Other(Actor): ...


class Parent(Actor):
    async def started(self) -> None:
        await self.nursery.start(Counter, name="child-1")
        await self.nursery.start(Counter, name="child-2")

    async def find(self, name: str) -> object:
        return self.nursery.lookup(name)


async def test_an_actor_is_found_by_its_name_while_it_lives():
    async with open_actor_nursery("app") as nursery:
        ref = await nursery.start(Counter, name="counter")
        assert nursery.lookup("counter") is ref
        assert nursery.lookup("counter", Counter) is ref
        await ref.stop()
        with pytest.raises(ActorNotFound, match=r"app has no actor called 'counter'"):
            nursery.lookup("counter")


async def test_an_actor_of_another_class_is_not_taken_for_one():
    async with open_actor_nursery() as nursery:
        await nursery.start(Counter, name="counter")
        with pytest.raises(TypeError, match="is a Counter, no Other"):
            nursery.lookup("counter", Other)


async def test_names_are_unique_in_a_nursery_and_free_again_after_the_end():
    async with open_actor_nursery("app") as nursery:
        ref = await nursery.start(Counter, name="counter")
        with pytest.raises(NameTaken, match=r"app has an actor called 'counter' already"):
            await nursery.start(Other, name="counter")
        await ref.stop()
        await nursery.start(Other, name="counter")


async def test_a_name_is_taken_but_not_found_while_its_actor_starts(autojump_clock):
    class SlowToStart(Counter):
        async def started(self) -> None:
            await trio.sleep(5)

    async with open_actor_nursery() as nursery, trio.open_nursery() as tasks:
        tasks.start_soon(lambda: nursery.start(SlowToStart, name="slow"))
        await trio.sleep(1)
        with pytest.raises(ActorNotFound):
            nursery.lookup("slow")
        with pytest.raises(NameTaken):
            await nursery.start(Counter, name="slow")
        assert (await nursery.wait_for("slow", SlowToStart)).name == "slow"
        assert trio.current_time() == 5


async def test_a_name_stays_with_its_actor_through_restarts(autojump_clock):
    async with open_actor_nursery(backoff=Backoff(first=5, jitter=0)) as nursery:
        ref = await nursery.start(Counter, name="counter", restart="permanent")
        await ref.cast(Counter.crash)
        await trio.sleep(1)
        assert nursery.lookup("counter") is ref


async def test_actors_without_a_name_are_called_after_their_class():
    async with open_actor_nursery("app") as nursery:
        names = [(await nursery.start(kind)).path for kind in (Counter, Counter, Other, Counter)]
    assert names == ["app/Counter", "app/Counter-2", "app/Other", "app/Counter-3"]


async def test_an_empty_name_is_refused():
    async with open_actor_nursery() as nursery:
        with pytest.raises(ValueError, match="empty"):
            await nursery.start(Counter, name="")


async def test_who_waits_for_a_name_learns_that_the_nursery_ends():
    async def wait(nursery):
        with pytest.raises(NurseryClosed):
            await nursery.wait_for("godot")
        record.append("told")

    record = []
    async with trio.open_nursery() as tasks, open_actor_nursery() as nursery:
        tasks.start_soon(wait, nursery)
        await trio.testing.wait_all_tasks_blocked()
    assert record == ["told"]


async def test_two_nurseries_share_no_names():
    async with open_actor_nursery("one") as one, open_actor_nursery("two") as two:
        a = await one.start(Counter, name="same")
        b = await two.start(Counter, name="same")
        assert (a.path, b.path) == ("one/same", "two/same")


async def test_an_actor_looks_its_children_up_in_its_own_nursery():
    async with open_actor_nursery("app") as nursery:
        parent = await nursery.start(Parent, name="parent")
        assert repr(await parent.call(Parent.find, "child-2")) == "<ActorRef app/parent/child-2 running>"


async def test_status_says_everything_about_an_actor(autojump_clock):
    async with open_actor_nursery("app", backoff=Backoff(first=0, jitter=0)) as nursery:
        ref = await nursery.start(Counter, name="counter", restart="permanent")
        await ref.cast(Counter.crash)
        await ref.call(Counter.add)
        await trio.sleep(2.5)
        ref.cast_nowait(Counter.add)
        assert "  1 restart  " in str(nursery.tree())
        assert attrs.asdict(ref.status()) == {
            "name": "counter",
            "path": "app/counter",
            "actor": "Counter",
            "state": "running",
            "mailbox_depth": 1,
            "mailbox_bound": 8,
            "handled": 2,
            "restarts": 1,
            "uptime": 2.5,
            "last_error": "ValueError: x",
            "children": (),
        }


async def test_a_status_is_frozen():
    async with open_actor_nursery() as nursery:
        status = (await nursery.start(Counter)).status()
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            status.name = "other"


async def test_the_tree_prints_well(autojump_clock):
    async with open_actor_nursery("app", strategy="rest_for_one", backoff=Backoff(first=9, jitter=0)) as nursery:
        await nursery.start(Parent, name="parent")
        broken = await nursery.start(Counter, name="broken", restart="permanent")
        await broken.cast(Counter.crash)
        await trio.sleep(1)
        broken.cast_nowait(Counter.add)
        drawing = str(nursery.tree())
    assert drawing.splitlines() == [
        "app  rest_for_one, 1 restart",
        "├── parent       Parent   running     0/128 waiting  0 handled  0 restarts  up 1.0 s",
        "│   ├── child-1  Counter  running     0/8 waiting    0 handled  0 restarts  up 1.0 s",
        "│   └── child-2  Counter  running     0/8 waiting    0 handled  0 restarts  up 1.0 s",
        "└── broken       Counter  restarting  1/8 waiting    1 handled  0 restarts            ValueError: x",
    ]


async def test_an_empty_tree_prints_its_head():
    async with open_actor_nursery("app") as nursery:
        assert str(nursery.tree()) == "app  one_for_one, 0 restarts"


async def test_reprs_are_short_views():
    async with open_actor_nursery("app") as nursery:
        ref = await nursery.start(Counter, name="c")
        assert repr(nursery) == "<ActorNursery app of 1>"
        assert repr(ref) == "<ActorRef app/c running>"
    assert repr(ref) == "<ActorRef app/c stopped>"
