"""Whether data is plain is told by a quick look for most, by the codecs for the rest, and both say the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmeta._records import _plain
from graphmeta._records._plain import MAX_PLAIN_DEPTH, is_plain

LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**65), 2**65), st.floats(), st.text(max_size=5), st.binary(max_size=3)
)
KEYS = st.one_of(st.text(max_size=3), st.integers(0, 3))
VALUES = st.recursive(LEAVES, lambda inner: st.one_of(st.lists(inner), st.dictionaries(KEYS, inner), st.tuples(inner)))


@given(VALUES)
def test_what_passes_the_quick_look_comes_back_from_the_codecs(value):
    if _plain._are_usual((value,)):
        assert _plain._comes_back(value)


@pytest.mark.parametrize("value", [{"band": {"low": 1, "high": [2.5, None]}, "on": True}, [[], {}], "text", 1])
def test_what_is_nested_and_usual_needs_no_codec(value, monkeypatch):
    monkeypatch.setattr(_plain, "_encode", None)
    assert is_plain(value)


def nested(depth: int, leaf: object = 0) -> object:
    return [nested(depth - 1, leaf)] if depth else leaf


def test_it_may_be_nested_so_deep_and_no_deeper():
    assert is_plain(nested(MAX_PLAIN_DEPTH))
    assert not is_plain(nested(MAX_PLAIN_DEPTH + 1))
    assert not is_plain(nested(3, b"bytes"))


def test_what_contains_itself_is_not_plain():
    ring: list[object] = []
    ring.append({"ring": ring})
    assert not is_plain(ring)
