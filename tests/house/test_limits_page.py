"""The page about limits: every field of the record has its row, in the record's order, with its value and its end."""

import re
from pathlib import Path
from typing import Any

import attrs
import pytest

from transport import Limits

PAGE = (Path(__file__).parents[2] / "docs" / "limits.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if re.match(r"\| `\w+` \|", line)
]
SIZES = {"KiB": 1024, "MiB": 1024 * 1024, "s": 1}


def value_of(text: str) -> float:
    """What a cell such as ``128 KiB`` comes to."""
    number, _, unit = text.partition(" ")
    return float(number.replace(",", "")) * SIZES.get(unit, 1)


def unit_of(text: str) -> str:
    return text.partition(" ")[2]


def test_every_limit_has_a_row_in_the_order_of_the_record():
    assert [row[0].strip("`") for row in ROWS] == [field.name for field in attrs.fields(Limits)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_says_the_usual_value_its_unit_what_it_bounds_and_what_follows(row):
    name, usual, bounds, follows = row
    name = name.strip("`")
    assert value_of(usual) == getattr(Limits(), name)
    wanted = ("KiB", "MiB") if "bytes" in name else ("s",) if "seconds" in name or "heartbeat" in name else ("",)
    assert unit_of(usual) in wanted
    assert bounds
    assert follows


def test_the_page_shows_limits_that_can_be_set():
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(example, "docs/limits.md", "exec"), names)
    assert names["limits"] == Limits(sessions=100, heartbeat_timeout=20.0)
