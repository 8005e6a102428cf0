"""The rows of ``trellis sessions``: who is there, since when, when they were last heard, and in which state."""

import re
from uuid import UUID

import attrs
import pytest

from actors._cli._diagnose import SILENT
from actors._cli._sessions import row_of
from actors._graph import SessionInfo

ONE = SessionInfo(UUID(int=1), "front-end", "process 7", 0.0, 60.0, 2, 3, 4, 0.4, "trellis 1", "control")


def test_a_row_says_what_an_operator_asks_for():
    name, peer, since, *rest = row_of(ONE)
    assert (name, peer) == ("front-end", "process 7")
    assert re.fullmatch(r"\d\d:\d\d:\d\d", since)
    assert rest == ["0 s", "2", "3", "4", "alive", "00000000"]


@pytest.mark.parametrize(
    ("silent", "role", "heard", "state"),
    [
        (SILENT, "control", "8 s", "alive"),
        (SILENT + 1, "control", "8 s", "silent"),
        (0.0, "read", "0 s", "reads only"),
        (60.0, "read", "60 s", "silent"),
    ],
)
def test_its_state_is_told_by_when_it_was_last_heard(silent, role, heard, state):
    row = row_of(attrs.evolve(ONE, silent=silent, role=role))
    assert (row[3], row[7]) == (heard, state)
