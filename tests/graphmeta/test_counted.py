"""Numbers of things in words."""

import pytest

from graphmeta import counted


@pytest.mark.parametrize(
    ("number", "noun", "said"),
    [
        (0, "edge", "0 edges"),
        (1, "edge", "1 edge"),
        (2, "edge", "2 edges"),
        (1, "other session", "1 other session"),
        (12, "other session", "12 other sessions"),
    ],
)
def test_one_thing_is_counted_in_the_singular_and_none_or_several_in_the_plural(number, noun, said):
    assert counted(number, noun) == said
