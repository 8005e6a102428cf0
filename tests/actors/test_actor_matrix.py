"""Every strategy with every restart type and every ending: who comes back, who falls with whom, what is raised.

Three actors, `a`, `b` and `c`, start in that order; `b` ends. The table below says what must happen to `b`; the
strategy says who shares its fate if it comes back.
"""

import attrs
import pytest
import trio
import trio.testing

from actors import Actor, Backoff, GraceExceeded, open_actor_nursery
from actors.testing import record_downs

STRATEGIES = {"one_for_one": "b", "one_for_all": "abc", "rest_for_one": "bc"}
TYPES = ("permanent", "transient", "temporary", "never")


@attrs.define
class Plan:
    """What the actors write down, and what `b` still has to do wrong."""

    record: list[str] = attrs.field(factory=list)
    fail_starts: int = 0
    fail_stops: int = 0
    hang_stops: int = 0


class Planned(Actor):
    def __init__(self, name: str, plan: Plan) -> None:
        self.name = name
        self.plan = plan

    async def started(self) -> None:
        self.plan.record.append(f"+{self.name}")
        if self.name == "b" and self._home[1].number > 1 and self.plan.fail_starts:
            self.plan.fail_starts -= 1
            raise KeyError("start-up")

    async def stopping(self) -> None:
        self.plan.record.append(f"-{self.name}")
        if self.name == "b" and self.plan.fail_stops:
            self.plan.fail_stops -= 1
            raise KeyError("stopping")
        if self.name == "b" and self.plan.hang_stops:
            self.plan.hang_stops -= 1
            await trio.sleep_forever()

    async def leave(self) -> None:
        self.stop()

    async def crash(self) -> None:
        raise ValueError("crash")

    async def cancel(self) -> None:
        self.nursery.cancel_scope.cancel()


@attrs.frozen
class Ending:
    """How `b` ends, what becomes of it by its type, and how its first life is reported."""

    start: str
    permanent: object
    transient: object
    temporary: object
    never: object
    reason: str
    plan: dict[str, int] = attrs.field(factory=dict)


BACK, GONE = "comes back", "gone"
ENDINGS = {
    "return": Ending("leave", BACK, GONE, GONE, GONE, "normal"),
    "error": Ending("crash", BACK, BACK, GONE, ValueError, "crashed"),
    "cancellation": Ending("cancel", BACK, GONE, GONE, GONE, "cancelled"),
    "stop": Ending("stop", GONE, GONE, GONE, GONE, "normal"),
    "start-up error on restart": Ending("crash", BACK, BACK, GONE, ValueError, "crashed", {"fail_starts": 1}),
    "error while stopping": Ending("leave", BACK, BACK, GONE, KeyError, "crashed", {"fail_stops": 1}),
    "grace exceeded": Ending("leave", BACK, BACK, GONE, GraceExceeded, "killed", {"hang_stops": 1}),
    "error while stopping on demand": Ending("stop", KeyError, KeyError, GONE, KeyError, "crashed", {"fail_stops": 1}),
    "grace exceeded on demand": Ending("stop", GONE, GONE, GONE, GONE, "killed", {"hang_stops": 1}),
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("restart", TYPES)
@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_matrix(strategy, restart, ending, autojump_clock):
    case = ENDINGS[ending]
    fate = getattr(case, restart)
    plan = Plan(**case.plan)
    found = await _run(strategy, restart, case, plan)
    expected = _expected(strategy, fate, case)
    assert found == expected
    assert plan.record == _expected_record(strategy, fate, case)


async def _run(strategy, restart, case, plan):
    raised, alive = None, ""
    try:
        async with open_actor_nursery(strategy=strategy, backoff=Backoff(first=0.1, jitter=0)) as nursery:
            types = {"a": "permanent", "b": restart, "c": "permanent"}
            refs = {
                name: await nursery.start(Planned, name, plan, name=name, restart=types[name], grace=1)
                for name in "abc"
            }
            plan.record.clear()
            downs = record_downs(*refs.values())
            await _end(refs["b"], case.start)
            await trio.sleep(10)
            alive = "".join(actor.name for actor in nursery.tree().actors if actor.state == "running")
            plan.record.append("body")
    except (ValueError, KeyError, GraceExceeded) as error:
        raised = type(error)
    return raised, alive, [(down.path[-1], down.reason, down.final) for down in downs.downs]


async def _end(ref, how):
    if how == "stop":
        ref.stop_nowait()
    else:
        await ref.cast(getattr(Planned, how))


def _expected(strategy, fate, case):
    last = [(name, "cancelled", True) for name in "cba"]
    if fate is GONE:
        return None, "ac", [("b", case.reason, True), last[0], last[2]]
    if fate is not BACK:
        return fate, "", [("b", case.reason, True), last[0], last[2]]
    fallen = [(name, "cancelled", False) for name in reversed(STRATEGIES[strategy]) if name != "b"]
    again = []
    if case.plan.get("fail_starts"):
        # those before `b` were up again, those after it were not; all start once more from the top
        up = [name for name in STRATEGIES[strategy] if name < "b"]
        again = [("b", "crashed", False), *((name, "cancelled", False) for name in up)]
    return None, "abc", [("b", case.reason, False), *fallen, *again, *last]


def _expected_record(strategy, fate, case):
    if fate is GONE:
        return ["-b", "body", "-c", "-a"]
    if fate is not BACK:
        return ["-b", "-c", "-a"]
    group = STRATEGIES[strategy]
    fallen = [f"-{name}" for name in reversed(group) if name != "b"]
    up = [f"+{name}" for name in group]
    if case.plan.get("fail_starts"):
        before = [name for name in group if name < "b"]
        up = [*(f"+{name}" for name in before), "+b", *(f"-{name}" for name in before), *up]
    return ["-b", *fallen, *up, "body", "-c", "-b", "-a"]


@pytest.mark.parametrize("restart", TYPES)
@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_a_start_up_error_of_the_first_start_concerns_only_the_starter(strategy, restart):
    plan = Plan()
    async with open_actor_nursery(strategy=strategy) as nursery:
        await nursery.start(Planned, "a", plan, name="a", restart="permanent")
        with pytest.raises(KeyError, match="constructor"):
            await nursery.start(_refuse, name="b", restart=restart)
        await trio.testing.wait_all_tasks_blocked()
        assert [actor.name for actor in nursery.tree().actors] == ["a"]
        assert plan.record == ["+a"]


def _refuse() -> Planned:
    raise KeyError("constructor")


@pytest.mark.parametrize("restart", TYPES)
@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_a_nursery_that_is_cancelled_restarts_nobody(strategy, restart):
    plan = Plan()
    async with open_actor_nursery(strategy=strategy) as nursery:
        refs = [await nursery.start(Planned, name, plan, name=name, restart=restart) for name in "abc"]
        downs = record_downs(*refs)
        nursery.cancel_scope.cancel()
    assert downs.reasons == [(f"actors/{name}", "cancelled") for name in "cba"]
    assert all(down.final for down in downs.downs)


@pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
@pytest.mark.parametrize("restart", ["temporary", "never"])
async def test_a_sibling_whose_type_allows_no_restart_falls_for_good(strategy, restart, autojump_clock):
    plan = Plan()
    async with open_actor_nursery(strategy=strategy) as nursery:
        crashing = await nursery.start(Planned, "a", plan, name="a", restart="permanent")
        await nursery.start(Planned, "c", plan, name="c", restart=restart)
        await crashing.cast(Planned.crash)
        await trio.sleep(1)
        assert [actor.name for actor in nursery.tree().actors] == ["a"]
    assert plan.record == ["+a", "+c", "-a", "-c", "+a", "-a"]
