"""The type checker understands declarations: settings, state and streams have their types, mistakes are seen."""

import re
from collections import defaultdict
from pathlib import Path

from mypy import api

ROOT = Path(__file__).resolve().parents[2]
DECLARATIONS = ROOT / "tests" / "typing" / "component_declarations.py"


def test_mypy_refuses_exactly_the_lines_that_are_wrong(tmp_path, monkeypatch):
    monkeypatch.setenv("MYPYPATH", str(ROOT))
    options = ["--strict", "--config-file=", "--no-error-summary", "--follow-imports=silent"]
    text, errors, _ = api.run([*options, f"--cache-dir={tmp_path}", str(DECLARATIONS)])
    assert not errors
    reported = defaultdict(set)
    for line, code in re.findall(r"component_declarations\.py:(\d+): error: .*\[([a-z-]+)\]", text):
        reported[int(line)].add(code)
    lines = enumerate(DECLARATIONS.read_text().splitlines(), 1)
    expected = {number: {mark[1]} for number, line in lines if (mark := re.search(r"# E: \[([a-z-]+)\]", line))}
    assert len(expected) == 12
    assert reported == expected, text
