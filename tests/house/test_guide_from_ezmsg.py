"""The guide for ezmsg's users: Trellis's code in it runs and prints what it says, and ezmsg's is real ezmsg."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

GUIDE = (Path(__file__).parents[2] / "docs" / "from-ezmsg.md").read_text(encoding="utf-8")
OURS = re.findall(r"^```python\n(.*?)^```\n```text\n(.*?)^```\n", GUIDE, re.MULTILINE | re.DOTALL)
THEIRS = re.findall(r"^```py\n(.*?)^```\n", GUIDE, re.MULTILINE | re.DOTALL)


def test_the_guide_runs_from_top_to_bottom(tmp_path):
    assert GUIDE.count("```python") == len(OURS) > 3
    script = tmp_path / "guide.py"
    # What each block prints is told apart by a line that none prints itself.
    script.write_text("\n".join(f"{code}\nprint('=' * 9)" for code, _ in OURS), encoding="utf-8")
    done = subprocess.run([sys.executable, "-W", "error", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, re.sub(r"graph server: ws://.*\n", "", done.stderr)) == (0, "")
    assert done.stdout.split("=" * 9 + "\n") == [*(printed for _, printed in OURS), ""]


@pytest.mark.skipif(find_spec("ezmsg") is None, reason="ezmsg comes with the extra bench")
def test_what_it_shows_of_ezmsg_is_accepted_by_ezmsg(tmp_path):
    assert len(THEIRS) == GUIDE.count("```py\n") > 1
    script = tmp_path / "theirs.py"
    script.write_text("\n".join(THEIRS), encoding="utf-8")
    # Imported, not run: its servers and processes are not ours to test.
    done = subprocess.run(
        [sys.executable, "-c", "import theirs"], capture_output=True, text=True, cwd=tmp_path, timeout=60
    )
    assert done.returncode == 0, done.stderr
