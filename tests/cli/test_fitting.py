"""What becomes of a table where there is little room: columns are left out whole, words are never broken."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import attrs
import pytest

from actors._cli._fitting import Column, fit

COLUMNS = (
    Column("name"),
    Column("peer", spare=1),
    Column("edges", right=True, whole=True, spare=2),
    Column("id", whole=True),
)
ROW = ("trellis sessions", "127.0.0.1:40375", "12", "2a91e75e")


def named(widths):
    return {COLUMNS[index].name: width for index, width in widths.items()}


@pytest.mark.parametrize(
    ("room", "widths"),
    [
        (200, {"name": 16, "peer": 15, "edges": 5, "id": 8}),
        (47, {"name": 16, "peer": 15, "edges": 5, "id": 8}),
        (46, {"name": 15, "peer": 15, "edges": 5, "id": 8}),
        (39, {"name": 8, "peer": 15, "edges": 5, "id": 8}),
        (38, {"name": 13, "peer": 15, "id": 8}),
        (33, {"name": 8, "peer": 15, "id": 8}),
        (32, {"name": 16, "id": 8}),
        (17, {"name": 8, "id": 8}),
        (16, {"name": None, "id": None}),
    ],
)
def test_columns_are_left_out_by_their_rank_and_those_that_stay_have_room_for_their_words(room, widths):
    assert named(fit(COLUMNS, [ROW], room, 1)) == widths


def test_a_table_without_rows_has_its_heads():
    assert named(fit(COLUMNS, [], 80, 1)) == {"name": 4, "peer": 4, "edges": 5, "id": 2}


def test_columns_that_could_use_more_share_what_is_left():
    row = ("one two three four five six seven", "one two three four five six seven", "1", "1")
    assert named(fit(COLUMNS, [row], 50, 1)) == {"name": 20, "peer": 20, "edges": 5, "id": 2}


def test_a_word_that_is_longer_than_most_is_broken_before_a_column_is_left_out_for_it():
    row = (ROW[0], "peer" * 20, *ROW[2:])
    assert named(fit(COLUMNS, [row], 48, 1)) == {"name": 8, "peer": 24, "edges": 5, "id": 8}


def test_letters_that_are_two_columns_wide_have_room_for_both():
    assert named(fit(COLUMNS, [("図図図", *ROW[1:])], 80, 1))["name"] == 6


@attrs.frozen
class Seen:
    """What a command showed in a terminal."""

    returncode: int
    lines: list[str]


@pytest.fixture
def in_terminal(environment):
    """Runs one command to its end in a terminal of so many columns."""

    def run(columns, *words, term="xterm"):
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        kept = {name: value for name, value in environment.items() if name not in ("COLUMNS", "LINES")}
        command = [sys.executable, "-m", "actors", *words]
        done = subprocess.run(command, stdout=follower, stderr=follower, env={**kept, "TERM": term}, check=False)
        os.close(follower)
        shown = os.read(leader, 65536).decode()
        os.close(leader)
        return Seen(done.returncode, re.sub(r"\x1b\[[\d;]*m", "", shown).splitlines())

    return run


def test_in_sixty_columns_the_sessions_keep_whole_words_and_it_is_said_what_is_missing(in_terminal, background):
    background("serve").stdout.readline()
    seen = in_terminal(60, "sessions")
    head, *rows, missing = seen.lines
    assert seen.returncode == 0
    assert head.split() == ["name", "peer", "since", "heard", "edges", "state", "id"]
    assert re.search(r" alive [0-9a-f]{8}$", rows[0])
    assert {"trellis", "sessions", "process"} <= {word for row in rows for word in row.split()}
    assert missing == "no room here for components, endpoints; --json has all"
    assert max(map(len, seen.lines)) <= 60


def test_in_twenty_columns_no_text_is_lost(in_terminal, background):
    background("serve").stdout.readline()
    text = "".join("".join(in_terminal(20, "sessions").lines).split())
    assert "…" not in text
    assert "nameidtrellis" in text
