"""Live settings: seeded by registration, overwritten by the running unit's reports, and back when it goes."""

import attrs
import pytest
import trio

from actors import AddressTaken, InvalidSettings, SettingsRefused, UnknownComponent, open_graph, open_session
from graphmeta import GraphMetadata, UnitMetadata, capture, patch, readable
from transport import Limits


@attrs.frozen
class Band:
    low: float = attrs.field(default=1.0, validator=attrs.validators.ge(0))
    high: float = 9.0


FILTER = "SYS/FILTER"


def registered(settings: Band) -> GraphMetadata:
    return GraphMetadata(units={FILTER: UnitMetadata(FILTER, "FILTER", "t.F", initial_settings=capture(settings))})


class Owner:
    """A session's side of a unit: takes settings as a runner would."""

    def __init__(self, session):
        self.session = session
        self.band = Band()

    async def take(self, address, values):
        band = self.band
        for path, value in values.items():
            band = patch(band, path, value)
        if band.low > band.high:
            raise SettingsRefused(address, "low above high")
        self.band = band
        await self.session._report_settings(address, readable(band))
        return readable(band)


async def owner(session):
    made = Owner(session)
    await session.register_metadata(registered(made.band))
    session._take_settings(made.take)
    return made


async def test_a_field_is_taken_by_the_unit_reported_and_seen_by_all(house):
    async with house.join("runner") as runner, house.join("operator") as operator:
        unit = await owner(runner)
        assert (await operator.settings())[FILTER].reported is False
        assert await operator.update_setting(FILTER, "low", 2) == {"low": 2.0, "high": 9.0}
        assert unit.band == Band(2.0, 9.0)
        value = (await operator.settings())[FILTER]
        assert (value.readable, value.reported, value.session) == ({"low": 2.0, "high": 9.0}, True, runner.id)
        history = await operator.settings_history(FILTER)
        assert [entry.readable["low"] for entry in history] == [1.0, 2.0]


@pytest.mark.parametrize("kept", [1, 3])
async def test_only_the_last_values_of_a_component_are_kept(kept):
    async with open_graph(limits=Limits(settings_history=kept)) as graph, open_session(graph, name="runner") as runner:
        for low in range(4):
            await runner.register_metadata(registered(Band(low)))
        await runner._report_settings(FILTER, {"low": 4.0})
        history = await runner.settings_history(FILTER)
        assert [value.readable["low"] for value in history] == [0.0, 1.0, 2.0, 3.0, 4.0][-kept:]
        await runner.register_metadata(None)
        with pytest.raises(UnknownComponent):
            await runner.settings_history(FILTER)


async def test_several_fields_are_taken_together_or_not_at_all(house):
    async with house.join("runner") as runner, house.join("operator") as operator:
        unit = await owner(runner)
        await operator.update_settings(FILTER, {"high": 20, "low": 10})
        assert unit.band == Band(10.0, 20.0)
        with pytest.raises(InvalidSettings):
            await operator.update_settings(FILTER, {"high": 30, "low": "much"})
        assert unit.band == Band(10.0, 20.0)


async def test_refusals_arrive_as_themselves(house):
    async with house.join("runner") as runner, house.join("operator") as operator:
        await owner(runner)
        with pytest.raises(InvalidSettings, match="low"):
            await operator.update_setting(FILTER, "low", -1)
        with pytest.raises(SettingsRefused, match="low above high"):
            await operator.update_setting(FILTER, "low", 10)
        with pytest.raises(UnknownComponent, match="SYS/FILTER"):
            await operator.update_setting("SYS/FILTR", "low", 1)
        assert await runner.settings_history(FILTER) == tuple((await runner.settings()).values())


async def test_a_slow_unit_holds_up_nobody_else(house):
    async with house.join("runner") as runner, house.join("operator") as operator, trio.open_nursery() as nursery:
        asked, go_on = trio.Event(), trio.Event()
        await runner.register_metadata(registered(Band()))

        async def slow(address, values):
            asked.set()
            await go_on.wait()
            return {}

        runner._take_settings(slow)
        nursery.start_soon(operator.update_setting, FILTER, "low", 2)
        await asked.wait()
        assert await operator.connect("A", "B")
        assert await runner.connect("B", "C")
        go_on.set()


async def test_when_the_reporter_goes_the_value_falls_back_and_that_is_an_event(house):
    async with house.join("runner") as runner, runner.watch_settings() as settings:
        await runner.register_metadata(registered(Band()))
        async with house.join("worker") as worker:
            with pytest.raises(AddressTaken, match="runner"):
                await worker._report_settings(FILTER, {"low": 5.0})
            await runner._delegate_settings(FILTER, worker.id)
            await worker._report_settings(FILTER, {"low": 5.0})
        seen = [await settings.receive() for _ in range(3)]
        assert [(address, value.readable["low"], value.reported) for address, value in seen] == [
            (FILTER, 1.0, False),
            (FILTER, 5.0, True),
            (FILTER, 1.0, False),
        ]
        await runner.register_metadata(None)
        assert await settings.receive() == (FILTER, None)
        with pytest.raises(UnknownComponent):
            await runner.settings_history(FILTER)


async def test_a_component_without_settings_has_an_empty_history_and_is_no_unknown_one(house):
    async with house.join("runner") as runner:
        await runner.register_metadata(GraphMetadata(units={FILTER: UnitMetadata(FILTER, "FILTER", "t.F")}))
        assert await runner.settings_history(FILTER) == ()
        with pytest.raises(SettingsRefused, match="it has no settings"):
            await runner.undo_settings(FILTER)


async def test_a_watch_of_settings_begins_with_what_holds(house):
    async with house.join("runner") as runner:
        await owner(runner)
        async with house.join("operator") as operator, operator.watch_settings() as settings:
            address, value = await settings.receive()
            assert (address, value.readable) == (FILTER, {"low": 1.0, "high": 9.0})


async def test_an_owner_that_ends_while_it_is_asked_leaves_a_refusal_not_a_wait(house):
    async with house.join("operator") as operator:
        outcome = []

        async def ask():
            with pytest.raises(SettingsRefused) as caught:
                await operator.update_setting(FILTER, "low", 2)
            outcome.append(caught.value.address)

        async with trio.open_nursery() as nursery, house.join("runner") as runner:
            asked = trio.Event()

            async def never(address, values):
                asked.set()
                await trio.sleep_forever()

            await runner.register_metadata(registered(Band()))
            runner._take_settings(never)
            nursery.start_soon(ask)
            await asked.wait()
        assert outcome == [FILTER]


async def test_undo_brings_back_what_the_last_change_changed_and_nothing_else(house):
    async with house.join("runner") as runner, house.join("operator") as operator:
        unit = await owner(runner)
        await operator.update_setting(FILTER, "high", 20)
        await operator.update_settings(FILTER, {"low": 2})
        assert await operator.undo_settings(FILTER) == {"low": 1.0, "high": 20.0}
        assert unit.band == Band(1.0, 20.0)
        value = (await operator.settings())[FILTER]
        assert (value.readable, value.reported, value.session) == ({"low": 1.0, "high": 20.0}, True, runner.id)
        # It was a change itself: undone, it is done again.
        assert (await operator.undo_settings(FILTER))["low"] == 2.0


async def test_undo_goes_back_to_any_value_that_is_kept(house):
    async with house.join("runner") as runner, house.join("operator") as operator:
        unit = await owner(runner)
        for low in (2, 3):
            await operator.update_setting(FILTER, "low", low)
        first = (await operator.settings_history(FILTER))[0]
        await operator.undo_settings(FILTER, revision=first.revision)
        assert unit.band == Band()
        with pytest.raises(SettingsRefused, match="no value of revision 7000"):
            await operator.undo_settings(FILTER, revision=7000)
        with pytest.raises(SettingsRefused, match="already"):
            await operator.undo_settings(FILTER, revision=first.revision)
        assert unit.band == Band()


async def test_an_undo_is_refused_by_the_unit_like_any_update(house):
    async with house.join("runner") as runner, house.join("operator") as operator:
        unit = await owner(runner)
        await operator.update_setting(FILTER, "high", 5)
        unit.band = Band(8.0, 8.5)  # as by the unit itself, which has not reported yet

        async def refuse(address, values):
            raise SettingsRefused(address, "not now")

        runner._take_settings(refuse)
        before = house.graph.snapshot()
        with pytest.raises(SettingsRefused, match="not now"):
            await operator.undo_settings(FILTER)
        assert house.graph.snapshot() == before


async def test_without_an_earlier_value_there_is_nothing_to_undo(house):
    async with house.join("runner") as runner:
        unit = await owner(runner)
        with pytest.raises(SettingsRefused, match="no earlier value"):
            await runner.undo_settings(FILTER)
        await runner._report_settings(FILTER, readable(unit.band))  # the same as registered
        with pytest.raises(SettingsRefused, match="no earlier value"):
            await runner.undo_settings(FILTER)
        for ask in (runner.undo_settings, runner.settings_history):
            with pytest.raises(UnknownComponent, match="did you mean 'SYS/FILTER'"):
                await ask("SYS/FILTR")


async def test_a_change_that_does_not_show_is_not_taken_for_the_one_before_it(house):
    async with house.join("runner") as runner:
        await owner(runner)
        await runner.update_setting(FILTER, "low", 2)
        shown = (await runner.settings())[FILTER].readable
        await runner._report_settings(FILTER, shown)  # a secret changed
        with pytest.raises(SettingsRefused, match="does not show"):
            await runner.undo_settings(FILTER)


async def test_settings_of_another_shape_are_not_undone(house):
    async with house.join("runner") as runner:
        await owner(runner)
        await runner._report_settings(FILTER, {"gain": 1.0})
        with pytest.raises(SettingsRefused, match="other fields"):
            await runner.undo_settings(FILTER)


@attrs.frozen
class Memo:
    text: str = "as it was"
    names: list[str] = attrs.field(factory=list)


@pytest.mark.parametrize(
    ("path", "long"),
    [("text", "x" * 5000), ("names", ["x"] * 2000), ("names", ["x" * 5000])],
    ids=["a text", "a list", "a text in a list"],
)
async def test_what_did_not_show_as_a_whole_is_not_set_to_what_showed(house, path, long):
    async with house.join("runner") as runner:
        await owner(runner)
        await runner._report_settings(FILTER, readable(attrs.evolve(Memo(), **{path: long})))
        await runner._report_settings(FILTER, readable(Memo()))
        asked = []
        runner._take_settings(lambda address, values: asked.append(values))
        with pytest.raises(SettingsRefused, match=f"what {path} was does not show"):
            await runner.undo_settings(FILTER)
        assert asked == []
