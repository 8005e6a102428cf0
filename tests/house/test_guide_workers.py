"""The guide to restarts, main functions and workers: its code runs, and prints what the guide says."""

import re
import subprocess
import sys
from pathlib import Path

GUIDE = (Path(__file__).parents[2] / "docs" / "workers.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```\n```text\n(.*?)^```\n", GUIDE, re.MULTILINE | re.DOTALL)
LINE = "=" * 9
"""What each block prints ends with this, which none prints itself."""


def test_the_guide_runs_from_top_to_bottom(tmp_path):
    assert GUIDE.count("```python") == len(BLOCKS) > 5
    script = tmp_path / "guide.py"
    script.write_text("\n".join(f"{code}\nprint('{LINE}')" for code, _ in BLOCKS), encoding="utf-8")
    done = subprocess.run([sys.executable, "-W", "error", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    # Restarts are logged, and nothing else is said there.
    assert re.findall(r"^actor (.*)", done.stderr, re.M) == ["units/SYS/INVERSE failed, and is restarted"] * 2
    assert "Exception ignored" not in done.stderr
    assert done.stdout.split(f"{LINE}\n") == [*(printed for _, printed in BLOCKS), ""]
