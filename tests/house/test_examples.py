"""Every example is run, as a script of its own, and prints what it is there to show."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
PRINTED = {
    "pipeline": "".join(f"{number * 2.0}\n" for number in range(10)),
    "ownership": (
        "while it calibrates: CAM/OUT -> CALIBRATE/IN (1), CAM/OUT -> TRACK/IN (2), TRACK/OUT -> MAP/IN (1)\n"
        "calibrated: CAM/OUT -> TRACK/IN (2), TRACK/OUT -> MAP/IN (1)\n"
        "would go with the tracker: TRACK/OUT -> MAP/IN\n"
        """after OSError("the tracker's device is gone"): CAM/OUT -> TRACK/IN (1)\n"""
        "after the camera: nothing\n"
    ),
    "replica": "the replica has: SOURCE/OUT -> SINK0/IN, SOURCE/OUT -> SINK1/IN, SOURCE/OUT -> SINK2/IN\n",
    "supervision": "worker ready\n9\ncrashed: -1 is negative\nworker ready\n16\n1 restart\n",
}


def test_every_example_has_its_expectation():
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(PRINTED)


@pytest.mark.parametrize("name", PRINTED)
def test_an_example_prints_what_it_is_there_to_show(name, tmp_path):
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    command = [sys.executable, "-W", "error", EXAMPLES / f"{name}.py"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)
    # Where a graph is served is said on standard error, and so is what a supervisor has to report.
    said = re.sub(r"graph server: ws://.*\n", "", done.stderr)
    assert done.returncode == 0
    assert said == "" or (name == "supervision" and said.startswith("actor app/worker failed, and is restarted"))
    assert done.stdout == PRINTED[name]
