"""The guide's code runs, and prints what the guide says it prints."""

import functools
import re
import sys
from pathlib import Path

import trio
import trio.testing

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "actors.md"
BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)


def test_the_guide_runs_from_top_to_bottom(capsys, monkeypatch):
    clock = functools.partial(trio.testing.MockClock, autojump_threshold=0)
    run = trio.run
    monkeypatch.setattr(trio, "run", lambda main: run(main, clock=clock()))
    # As a reader has it, who imported nothing but what the page says.
    monkeypatch.delattr(trio, "testing")
    monkeypatch.delitem(sys.modules, "trio.testing")
    blocks = BLOCK.findall(GUIDE.read_text())
    assert len(blocks) > 10
    names = {"__name__": "guide"}
    for code, printed in blocks:
        exec(compile(code, str(GUIDE), "exec"), names)
        assert capsys.readouterr().out == printed


def test_every_block_of_python_in_the_guide_is_one_that_runs():
    text = GUIDE.read_text()
    assert text.count("```python") == len(BLOCK.findall(text))
