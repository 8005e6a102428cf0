"""What the documents show is run: every Python block of README, and the two commands are where the script looks."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from actors._graph._wire._openrpc import openrpc_text

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S | re.M)
PRINTED = [
    "0.0\n2.0\n4.0\n",
    "{'CAM/OUT': ('TRACK/IN',), 'TRACK/IN': ()}\nresync (start) at revision 7: 1 session\n",
]


@pytest.mark.parametrize(("block", "printed"), list(zip(BLOCKS, PRINTED, strict=True)), ids=["units", "sessions"])
def test_the_examples_of_readme_run_and_print_what_they_say(tmp_path, block, printed):
    script = tmp_path / "example.py"
    script.write_text(block, encoding="utf-8")
    done = subprocess.run([sys.executable, "-W", "error", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, re.sub(r"graph server: ws://.*\n", "", done.stderr)) == (0, "")
    assert done.stdout == printed


@pytest.mark.parametrize("name", ["demo", "tests"])
def test_readme_names_its_commands_where_the_checks_look_for_them(name):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.findall(rf"<!-- command: {name} -->\n```sh\n(.+)\n```", readme)
    assert len(found) == 1
    assert found[0].startswith("pip install -e ")


def test_the_published_description_of_the_wire_is_the_one_that_the_code_makes():
    assert (ROOT / "docs" / "openrpc.json").read_text(encoding="utf-8") == openrpc_text(), (
        """run: python -c 'from actors._graph._wire._openrpc import publish; publish("docs")'"""
    )
