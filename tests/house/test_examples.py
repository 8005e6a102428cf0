"""Every example is run, as a script of its own, and prints what it is there to show."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
PRINTED = {
    "axis_array": (
        "[10.5, 10.75] ('left', 'right') [[5, 6], [7, 8]]\n"
        "a view, no copy: True\n"
        "refused: ('time', 'time') do not name the 2 dimensions of the data\n"
    ),
    "counters": re.compile(
        r"topic +per second +dropped +blocked +queue\nSOURCE/OUTPUT( +[\d.]+){2} +\d+% +\d/32\n"
        r"WORKER/INPUT( +[\d.]+){2} +\d+% +\d/4\nDISPLAY/INPUT( +[\d.]+){2} +0% +\d/1\n"
        r"the source waits for WORKER/INPUT\n"
    ),
    "flow": (
        "sent so far: 4 - the careful one has room for no more\n"
        "all sent\n"
        "the careful one gets all: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]\n"
        "the hasty one has the newest: [9] and lost 9\n"
        "while the flow is held, sent: 10\n"
        "all sent\n"
        "afterwards: [0]\n"
        "after the edge went, received: 11 of 12\n"
    ),
    "joining": (
        "the second program hears a number, the first\n"
        "the second program hears a number, 1 after the last\n"
        "the second program hears a number, 1 after the last\n"
        "edges that it left behind: 0 - and the pipeline still runs: True\n"
    ),
    "live_settings": (
        "at first: {'band': {'low': 1.0, 'high': 40.0}}\n"
        "50 Hz is stopped\n"
        "changed: {'band': {'low': 1.0, 'high': 60.0}}\n"
        "50 Hz passes\n"
        "refused: setting 'band.low': the low end must be below the high end\n"
        "refused: setting 'band.high': must be float, not str\n"
        "refused: setting 'band.width': __main__.Band has no such field; it has high, low\n"
        "in the end: {'band': {'low': 1.0, 'high': 60.0}}\n"
    ),
    "machine": re.compile(r"( *\d+% #*\n){2}"),
    "ownership": (
        "while it calibrates: CAM/OUT -> CALIBRATE/IN (1), CAM/OUT -> TRACK/IN (2), TRACK/OUT -> MAP/IN (1)\n"
        "calibrated: CAM/OUT -> TRACK/IN (2), TRACK/OUT -> MAP/IN (1)\n"
        "would go with the tracker: TRACK/OUT -> MAP/IN\n"
        """after OSError("the tracker's device is gone"): CAM/OUT -> TRACK/IN (1)\n"""
        "after the camera: nothing\n"
    ),
    "pipeline": "".join(f"{number * 2.0}\n" for number in range(10)),
    # How many the slow worker misses depends on the machine; the newest it gets.
    "relays": re.compile(r"from STATION/OUT STATION/WORKSHOP/OUT STATION/WORKSHOP/SQUARE/OUTPUT\n(\d+\n)*9801\n"),
    "release": (
        "would go: TRACK/OUT -> MAP/IN\n"
        "would hear from fewer topics: MAP/IN\n"
        "in one change: TRACK/OUT -> MAP/IN went, and tracker\n"
        "and the tracker knows: the session was released by operator\n"
        "shared, so it stayed: CAM/OUT -> TRACK/IN\n"
    ),
    "remote": (
        "CAM/RAW: messages of type __main__.Opaque cannot cross a wire: msgpack cannot carry __main__.Opaque\n"
        "frame 99 of (480, 640): summed up to 4950, never more than 3 waited: True\n"
    ),
    "replica": "the replica has: SOURCE/OUT -> SINK0/IN, SOURCE/OUT -> SINK1/IN, SOURCE/OUT -> SINK2/IN\n",
    "restarts": (
        "divider ready\n"
        "60 / 5 = 12; this life has seen [5]\n"
        "divider ready\n"
        "60 / 6 = 10; this life has seen [6]\n"
        "60 / 12 = 5; this life has seen [6, 12]\n"
        "failed: DIVIDER: ZeroDivisionError: integer division or modulo by zero\n"
        "in unit DIVIDER, task divide, message of type int\n"
        "1 restart\n"
    ),
    "spectrum": "".join(f"at {second} s: left 10 Hz, right 23 Hz\n" for second in range(3)),
    "supervision": "worker ready\n9\ncrashed: -1 is negative\nworker ready\n16\n1 restart\n",
    "threads": "".join(f"roll {roll}: {roll + 1}\n" for roll in range(1, 6)) + "device closed\nover\n",
    "toy": re.compile(
        r"(?=.*^both: hello$)(?=.*^both: ping$)(?=.*^both: foo$)(?=.*^A1: ping$)(?=.*^A2: ping\|0\.\d{3}$)"
        r"(?=.*^record: Joined\(text='ping', number=0\.\d+\)$)((both|A1|A2|record): [^\n]+\n)+",
        re.MULTILINE | re.DOTALL,
    ),
    "viewer": re.compile(
        r"CAM\n└─ OUT\n   └→ TRACK/IN  \[camera\]\nTRACK\n└─ IN\n\n"
        r"Sessions\n  camera  local  1 edge, .*\n  viewer  process \d+  0 edges, .*\n"
        r"viewer added CAM/OUT -> VIEWER/IN\nCAM/OUT -> VIEWER/IN went, and so did the session of viewer\n"
    ),
    "workers": (
        "{'left': 99999.0, 'right': 100000.0}\n"
        "{'left': 99999.0, 'right': 100000.0}\n"
        "three processes: True\n"
        "failed: SYS/AVERAGE: WorkerDied: the worker process of SYS/AVERAGE was killed by SIGKILL\n"
    ),
}
ARGUMENTS = {"machine": ["2"]}
"""For an example that would go on for ever."""
REPORTED = {
    "supervision": "actor app/worker failed, and is restarted\n",
    "restarts": "actor units/DIVIDER failed, and is restarted\n",
    "workers": "actor units/SYS/AVERAGE failed, and is restarted\n",
}
"""What a supervisor has to report, on standard error; with a traceback."""


def test_every_example_has_its_expectation_and_its_line_in_the_index():
    names = {path.stem for path in EXAMPLES.glob("*.py")}
    assert names == set(PRINTED)
    index = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| \[(\w+)\.py\]\(\1\.py\)", index, re.MULTILINE)) == sorted(names)


@pytest.mark.parametrize("name", PRINTED)
def test_an_example_prints_what_it_is_there_to_show(name, tmp_path):
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    command = [sys.executable, "-W", "error", EXAMPLES / f"{name}.py", *ARGUMENTS.get(name, ())]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)
    # Where a graph is served is said on standard error.
    said = re.sub(r"graph server: ws://.*\n", "", done.stderr)
    assert (done.returncode, said.partition("Traceback")[0]) == (0, REPORTED.get(name, ""))
    expected = PRINTED[name]
    if isinstance(expected, str):
        assert done.stdout == expected
    else:
        assert expected.fullmatch(done.stdout), done.stdout
