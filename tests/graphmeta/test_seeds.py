"""Settings that a registration brings: made ahead, stamped once, and encoded but for the stamp."""

from uuid import UUID

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmeta import (
    Change,
    GraphMetadata,
    InitialSettings,
    SettingChanged,
    SettingValue,
    UnitMetadata,
    decode_change_slices,
    encode_change,
    seeds_slices,
)

SESSION = UUID(int=7)


def driven(slices):
    while True:
        try:
            next(slices)
        except StopIteration as end:
            return end.value


@given(st.none() | st.from_type(GraphMetadata), st.integers(1, 2**40), st.floats(0, 2e9))
def test_they_are_the_initial_settings_of_every_component_that_has_some(metadata, revision, at):
    seeds = driven(seeds_slices(metadata))
    seeds.stamp(SESSION, revision, at)
    assert seeds.values == {
        address: SettingValue(component.initial_settings.readable, SESSION, False, revision, at)
        for address, component in (metadata.components if metadata else {}).items()
        if component.initial_settings is not None
    }
    assert seeds.changes == tuple(SettingChanged(address, value) for address, value in seeds.values.items())


@given(st.none() | st.from_type(GraphMetadata), st.integers(1, 2**40), st.floats(0, 2e9))
def test_what_was_encoded_ahead_says_the_same(metadata, revision, at):
    seeds = driven(seeds_slices(metadata))
    seeds.stamp(SESSION, revision, at)
    change = Change(SESSION, revision, at, settings=seeds.changes)
    ahead, now = b"".join(encode_change(change, {}, seeds.encode_changes())), b"".join(encode_change(change, {}))
    assert msgspec.msgpack.decode(ahead) == msgspec.msgpack.decode(now)
    assert driven(decode_change_slices(ahead)) == change


def test_until_they_are_stamped_they_are_nobodys_and_then_they_are_frozen():
    settings = InitialSettings(readable={"gain": 1.0})
    seeds = driven(seeds_slices(GraphMetadata(units={"U": UnitMetadata("U", "U", "t:U", initial_settings=settings)})))
    for missing in ("session", "revision", "at"):
        with pytest.raises(AttributeError):
            getattr(seeds.values["U"], missing)
    seeds.stamp(SESSION, 2, 3.0)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        next(iter(seeds.values.values())).revision = 1
