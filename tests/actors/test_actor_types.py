"""The type checker accepts correct uses of actors and rejects wrong arguments and results."""

import re
from collections import defaultdict
from pathlib import Path

import pytest
from mypy import api

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "tests" / "typing" / "actor_calls.py"


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    options = ["--strict", "--config-file=", "--no-error-summary", "--follow-imports=silent"]
    cache = tmp_path_factory.mktemp("mypy")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MYPYPATH", str(ROOT))
        text, errors, _ = api.run([*options, f"--cache-dir={cache}", str(EXAMPLES)])
    assert not errors
    codes = defaultdict(set)
    for line, code in re.findall(r"actor_calls\.py:(\d+): error: .*\[([a-z-]+)\]", text):
        codes[int(line)].add(code)
    return codes


def test_mypy_rejects_exactly_the_lines_that_are_wrong(reported):
    lines = enumerate(EXAMPLES.read_text().splitlines(), 1)
    marks = ((number, re.search(r"# E: \[([a-z-]+)\]", line)) for number, line in lines)
    expected = {number: mark[1] for number, mark in marks if mark}
    assert len(expected) > 30
    assert {number: expected.get(number) for number in reported} == {
        number: code if code in reported[number] else f"{code}, not {reported[number]}"
        for number, code in expected.items()
    }
