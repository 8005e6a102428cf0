"""Deadlocks are told: rings of calls raise `CallCycle`, and nothing that is no ring does."""

import pytest
import trio
import trio.testing

from actors import Actor, CallCycle, Deferred, open_actor_nursery


class Node(Actor):
    """Calls whomever it is told to call."""

    async def walk(self, route: list, *rest: object) -> object:
        """Call the next on the route, which calls the one after it."""
        if not route:
            return "end"
        following, *others = route
        return await following.call(Node.walk, others)

    async def call_self(self) -> object:
        return await self.ref.call(Node.walk, [])

    async def walk_in_a_task(self, route: list) -> object:
        result = []

        async def go() -> None:
            result.append(await self.walk(route))

        async with trio.open_nursery() as tasks:
            tasks.start_soon(go)
        return result[0]

    async def catch(self, route: list) -> object:
        try:
            return await self.walk(route)
        except CallCycle as cycle:
            return cycle.ring


async def _nodes(nursery, names):
    return [await nursery.start(Node, name=name) for name in names]


async def test_an_actor_that_calls_itself_is_told():
    async with open_actor_nursery("app") as nursery:
        (a,) = await _nodes(nursery, "a")
        with pytest.raises(CallCycle) as caught:
            await a.call(Node.call_self)
        assert caught.value.ring == ("app/a", "app/a")
        assert str(caught.value) == "this call would wait for itself: app/a -> app/a"
        assert await a.call(Node.walk, []) == "end"


async def test_a_ring_of_calls_is_named_in_order():
    async with open_actor_nursery("app") as nursery:
        a, b, c = await _nodes(nursery, "abc")
        with pytest.raises(CallCycle) as caught:
            await a.call(Node.walk, [b, c, a])
        assert caught.value.ring == ("app/c", "app/a", "app/b", "app/c")
        assert await a.call(Node.walk, [b, c]) == "end"


async def test_a_ring_is_told_to_whoever_would_close_it_and_the_others_go_on():
    async with open_actor_nursery("app") as nursery:
        a, b = await _nodes(nursery, "ab")

        class Catcher(Node):
            async def walk(self, route: list, *rest: object) -> object:
                return await self.catch_route(route)

            async def catch_route(self, route: list) -> object:
                try:
                    return await super().walk(route)
                except CallCycle:
                    return "refused, and gone on"

        catcher = await nursery.start(Catcher)
        assert await a.call(Node.walk, [b, catcher, a]) == "refused, and gone on"


async def test_a_ring_across_nurseries_is_told_too():
    async with open_actor_nursery("one") as one, open_actor_nursery("two") as two:
        (a,) = await _nodes(one, "a")
        (b,) = await _nodes(two, "b")
        with pytest.raises(CallCycle) as caught:
            await a.call(Node.walk, [b, a])
        assert caught.value.ring == ("two/b", "one/a", "two/b")


async def test_a_chain_that_ends_elsewhere_is_no_ring():
    async with open_actor_nursery() as nursery:
        a, b, c = await _nodes(nursery, "abc")
        assert await a.call(Node.walk, [b, c]) == "end"
        async with trio.open_nursery() as tasks:
            for route in ([b, c], [c], [b]):
                tasks.start_soon(a.call, Node.walk, route)


async def test_a_child_that_calls_its_parent_while_the_parent_starts_it_is_told():
    class Child(Actor):
        def __init__(self, parent) -> None:
            self.parent = parent

        async def started(self) -> None:
            await self.parent.call(Node.walk, [])

    class Parent(Node):
        async def raise_child(self) -> None:
            await self.nursery.start(Child, self.ref, name="child")

    async with open_actor_nursery("app") as nursery:
        parent = await nursery.start(Parent, name="parent")
        with pytest.raises(CallCycle) as caught:
            await parent.call(Parent.raise_child)
        assert caught.value.ring == ("app/parent/child", "app/parent", "app/parent/child")


async def test_a_call_from_a_task_that_a_handler_spawned_is_not_followed(autojump_clock):
    async with open_actor_nursery() as nursery:
        a, b = await _nodes(nursery, "ab")
        with trio.move_on_after(1) as scope:
            await a.call(Node.walk_in_a_task, [b, a])
        assert scope.cancelled_caught, "a real ring, which is not seen"


async def test_an_actor_may_ask_itself_from_a_task_that_its_handler_does_not_wait_for():
    class Asking(Node):
        async def started(self) -> None:
            self.answers: list[object] = []
            self.nursery.start_soon(self._ask)

        async def _ask(self) -> None:
            self.answers.append(await self.ref.call(Node.walk, []))

        async def tell(self) -> list[object]:
            return self.answers

    async with open_actor_nursery() as nursery:
        ref = await nursery.start(Asking)
        await trio.testing.wait_all_tasks_blocked()
        assert await ref.call(Asking.tell) == ["end"]


async def test_a_caller_whose_reply_was_put_off_does_not_make_a_ring():
    """`a` waits for `desk`, which has put its reply off; so `desk` may well call `a` ... in a task of its own."""

    class Desk(Node):
        def __init__(self) -> None:
            self.open: list[Deferred[str]] = []

        async def later(self) -> Deferred[str]:
            deferred = Deferred[str]()
            self.open.append(deferred)
            return deferred

        async def ask_back(self, asker) -> object:
            self.nursery.start_soon(self._settle)
            # no alarm, though the asker waits for this actor: the task just started will let it go on
            return await asker.call(Node.walk, [])

        async def _settle(self) -> None:
            await trio.testing.wait_all_tasks_blocked()
            self.open.pop().settle("settled")

    class Asker(Node):
        async def ask(self, desk) -> str:
            return await desk.call(Desk.later)

    async with open_actor_nursery() as nursery, trio.open_nursery() as tasks:
        desk = await nursery.start(Desk)
        asker = await nursery.start(Asker)
        tasks.start_soon(asker.call, Asker.ask, desk)
        await trio.testing.wait_all_tasks_blocked()
        assert await desk.call(Desk.ask_back, asker) == "end"


async def test_a_caller_that_has_its_reply_already_does_not_make_a_ring():
    """Between the reply and the caller's next step, the one who replied may call the caller."""

    class Quick(Node):
        async def reply(self) -> str:
            # handled in the same step as the next message, before the caller runs
            return "reply"

        async def ask_back(self, asker) -> object:
            return await asker.call(Node.walk, [])

    class Asker(Node):
        async def ask(self, quick) -> str:
            return await quick.call(Quick.reply)

    async with open_actor_nursery() as nursery, trio.open_nursery() as tasks:
        quick = await nursery.start(Quick)
        asker = await nursery.start(Asker)
        asker.cast_nowait(Asker.ask, quick)
        await trio.lowlevel.checkpoint()
        results = []

        async def ask_back():
            results.append(await quick.call(Quick.ask_back, asker))

        tasks.start_soon(ask_back)
        await trio.testing.wait_all_tasks_blocked()
        assert results == ["end"]


async def test_a_caller_that_is_being_cancelled_does_not_make_a_ring():
    """Between the cancellation and the caller's next step, another may call the caller."""
    impatience = trio.CancelScope()

    class Impatient(Node):
        async def ask(self, other) -> object:
            with impatience:
                await other.call(Canceller.cancel_and_call, self.ref)
            return "gave up"

    class Canceller(Node):
        async def cancel_and_call(self, asker) -> None:
            impatience.cancel()
            assert await asker.call(Node.walk, []) == "end"

    async with open_actor_nursery() as nursery:
        impatient = await nursery.start(Impatient)
        canceller = await nursery.start(Canceller)
        assert await impatient.call(Impatient.ask, canceller) == "gave up"
        assert await canceller.call(Node.walk, []) == "end"


async def test_a_call_that_waits_for_room_counts_as_waiting(autojump_clock):
    class Small(Node):
        mailbox_bound = 1

        async def ask_back(self, asker) -> object:
            await trio.sleep(1)
            try:
                return await asker.call(Node.walk, [])
            except CallCycle as cycle:
                return cycle.ring

    async with open_actor_nursery("app") as nursery, trio.open_nursery() as tasks:
        small = await nursery.start(Small, name="small")
        (asker,) = await _nodes(nursery, ["asker"])
        result = []

        async def ask():
            result.append(await small.call(Small.ask_back, asker))

        tasks.start_soon(ask)
        await trio.testing.wait_all_tasks_blocked()
        small.cast_nowait(Node.walk, [])
        tasks.start_soon(asker.call, Node.walk, [small])
        await trio.sleep(5)
        assert result == [("app/small", "app/asker", "app/small")]
