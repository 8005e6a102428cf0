"""What a row of a table tells: of a session when it was last heard, of a setting who said so and since when."""

import re
from uuid import UUID

import attrs
import pytest

from actors._cli import _sessions, _settings
from actors._cli._diagnose import SILENT
from actors._graph import SessionInfo
from graphmeta import SettingValue

ONE = SessionInfo(UUID(int=1), "front-end", "process 7", 0.0, 60.0, 2, 3, 4, 0.4, "trellis 1", "control")


def test_a_session_is_told_as_an_operator_asks_for_it():
    name, peer, since, *rest = _sessions.row_of(ONE)
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
def test_a_sessions_state_is_told_by_when_it_was_last_heard(silent, role, heard, state):
    row = _sessions.row_of(attrs.evolve(ONE, silent=silent, role=role))
    assert (row[3], row[7]) == (heard, state)


@pytest.mark.parametrize(("reported", "by"), [(True, "its unit"), (False, "registration")])
def test_a_setting_says_who_said_so_and_as_of_which_revision(reported, by):
    address, settings, said_by, since, revision = _settings.row_of("SYS/U", value_of(reported))
    assert (address, settings, said_by, revision) == ("SYS/U", '{"name": "Müller"}', by, "12")
    assert re.fullmatch(r"\d\d:\d\d:\d\d", since)


def value_of(reported):
    return SettingValue(readable={"name": "Müller"}, session=UUID(int=1), reported=reported, at=0.0, revision=12)
