"""Changes as bytes: they come back equal, in slices, and nothing else comes back at all."""

from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmeta import (
    Change,
    GraphError,
    GraphSnapshot,
    InvalidChange,
    InvalidMetadata,
    Resync,
    compare,
    decode_change_slices,
    decode_changes_slices,
    diff,
    encode_change,
    encode_changes,
    encode_metadata,
)


def driven(slices):
    """Drive slices to their end; return how often they paused, and the whole."""
    pauses = 0
    while True:
        try:
            next(slices)
        except StopIteration as end:
            return pauses, end.value
        pauses += 1


@given(st.lists(st.builds(compare, st.from_type(GraphSnapshot), st.from_type(GraphSnapshot)), max_size=3))
def test_changes_come_back_equal_with_a_pause_after_every_component_and_setting(changes):
    pauses, decoded = driven(decode_changes_slices(encode_changes(changes)))
    assert decoded == tuple(changes)
    large = [part for change in changes for part in (*change.settings, *change.metadata)]
    components = [
        name for change in changes for each in change.metadata if each.metadata for name in each.metadata.components
    ]
    assert pauses == len(large) + len(components)


@given(st.builds(compare, st.from_type(GraphSnapshot), st.from_type(GraphSnapshot)), st.data())
def test_metadata_that_was_kept_encoded_says_the_same(change, data):
    kept = {each.session: encode_metadata(each.metadata) for each in change.metadata if data.draw(st.booleans())}
    encoded = b"".join(encode_change(change, kept))
    assert msgspec.msgpack.decode(encoded, type=Change) == driven(decode_change_slices(encoded))[1] == change


@given(st.from_type(GraphSnapshot), st.from_type(GraphSnapshot))
def test_what_was_decoded_leads_where_the_change_did(before, after):
    steps = diff(before, after)
    if steps and not isinstance(steps[0], Resync):
        (_, decoded) = driven(decode_change_slices(msgspec.msgpack.encode(steps[0])))
        assert before.apply(decoded) == after


CHANGE = Change(UUID(int=1), 1, 0.0)


@pytest.mark.parametrize("data", [b"", b"\xc0", b"\x91\xc0", encode_changes([CHANGE])[:-1], b"\xdd\xff\xff\xff\xff"])
def test_what_is_no_list_of_changes_is_refused(data):
    with pytest.raises(InvalidChange):
        driven(decode_changes_slices(data))


@pytest.mark.parametrize("part", ["metadata", "settings"])
def test_what_is_wrong_inside_is_refused_when_its_turn_comes(part):
    document = msgspec.msgpack.decode(msgspec.msgpack.encode(CHANGE))
    wrong = {"metadata": [{"session": "0" * 32, "metadata": 3}], "settings": [{"address": 3, "value": None}]}
    slices = decode_change_slices(msgspec.msgpack.encode({**document, part: wrong[part]}))
    with pytest.raises((InvalidChange, InvalidMetadata)):
        driven(slices)


@given(st.binary(max_size=64) | st.integers(0, 10**6).map(lambda at: _mutated(encode_changes([CHANGE]), at)))
def test_whatever_the_bytes_are_there_are_changes_or_one_family_of_errors(data):
    try:
        _, decoded = driven(decode_changes_slices(data))
    except GraphError:
        return
    assert all(type(change) is Change for change in decoded)


def _mutated(data, at):
    place, value = at % len(data), at // len(data) % 256
    return data[:place] + bytes([value]) + data[place + 1 :]
