"""``trellis demo`` as a newcomer meets it: a real process, watched and steered from beside it."""

import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

LINE = re.compile(
    r"\s*([\d.]+) s  heart rate\s+([\d.]+|--) bpm \(mean\s+([\d.]+|--)\s*\)  beats\s+(\d+)"
    r"  (ALARM|alarm off) \(threshold ([\d.]+) bpm\)\s+([\d.]+) messages/s"
)


def moments(process):
    """The lines of the running demo that show a moment, as they come."""
    for line in process.stdout:
        found = LINE.match(line)
        if found:
            yield found


def to_its_end(process):
    """All that the demo said, and the last moment of it."""
    said, complaints = process.communicate(timeout=60)
    assert (process.returncode, complaints) == (0, "")
    return said, [found for found in map(LINE.match, said.splitlines()) if found][-1]


def address(process):
    for line in process.stdout:
        if line.startswith("graph server: "):
            return line.split()[2]
    raise AssertionError("the demo said no address")


def listens(url):
    parts = urlsplit(url)
    with socket.socket() as probe:
        return probe.connect_ex((parts.hostname, parts.port)) == 0


def test_the_heart_rate_agrees_with_the_r_peaks_of_the_record_and_at_another_rate_it_is_another_heart(background):
    # Both live through the same seconds.
    demo, faster = background("demo", "--seconds", "7"), background("demo", "--seconds", "7", "--rate", "500")
    said, last = to_its_end(demo)
    assert "360 Hz is an assumption (--rate): PyWavelets states none" in said
    # R peaks at 190, 518 and 848 of 1,024 samples: three beats a loop, whose intervals are 328, 330 and 366 samples.
    loop = 60 * 360 * 3 / 1024
    assert float(last[3]) == pytest.approx(loop, rel=0.06)
    assert any(float(last[2]) == pytest.approx(60 * 360 / interval, abs=1.5) for interval in (328, 330, 366))
    # After 6 s of signal: 6 * 360 / 1024 loops of three beats, less what the detector has not seen yet.
    assert 4 <= int(last[4]) <= 7
    assert float(last[7]) > 20
    said, last = to_its_end(faster)
    assert "500 Hz is an assumption" in said
    assert float(last[3]) == pytest.approx(60 * 500 * 3 / 1024, rel=0.06)


def test_the_alarms_threshold_is_crossed_while_it_runs_and_nonsense_is_refused(trellis, background):
    demo = background("demo")
    running = moments(demo)
    calm = next(found for found in running if found[3] != "--")
    assert (calm[5], float(calm[6])) == ("alarm off", 100.0)
    taken = trellis("set", "DEMO/ALARM", "threshold", "50")
    assert (taken.returncode, taken.stdout) == (0, 'DEMO/ALARM: {"threshold": 50.0}\n')
    raised = next(found for found in running if found[5] == "ALARM")
    assert float(raised[6]) == 50.0
    for path, value in (("threshold", "-5"), ("threshold", "high"), ("threshold", "[" * 9999), ("treshold", "5")):
        refused = trellis("set", "DEMO/ALARM", path, value)
        assert refused.returncode == 1
        assert refused.stderr.count("\n") == 1
    assert "threshold" in refused.stderr
    assert trellis("set", "DEMO/SOURCE", "rate", "200").returncode == 1
    assert trellis("set", "DEMO/ALARN", "threshold", "5").stderr.endswith("(did you mean 'DEMO/ALARM'?)\n")
    snapshot = json.loads(trellis("snapshot", "--json").stdout)
    assert snapshot["settings"]["DEMO/ALARM"]["readable"] == {"threshold": 50.0}
    assert snapshot["settings"]["DEMO/ALARM"]["reported"] is True
    assert next(running)[5] == "ALARM"


def test_a_second_terminal_sees_the_pipeline_and_who_owns_it(trellis, background):
    demo = background("demo")
    next(moments(demo))
    graph = trellis("graph").stdout
    for name in ("SOURCE", "DETECTION", "BAND_PASS", "R_PEAKS", "HEART_RATE", "ALARM"):
        assert name in graph
    sessions = {s["name"]: s for s in json.loads(trellis("sessions", "--json").stdout)}
    assert set(sessions) == {"demo", "demo view", "trellis sessions"}
    assert sessions["demo"]["edges"] == 6
    assert sessions["demo"]["components"] == 7
    snapshot = json.loads(trellis("snapshot", "--json").stdout)
    assert {tuple(edge["owners"]) for edge in snapshot["edges"]} == {(sessions["demo"]["id"],)}


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_however_it_ends_no_process_and_no_socket_stay(trellis, background, number, code):
    demo = background("demo")
    url = address(demo)
    next(moments(demo))
    assert listens(url)
    listing = ["ps", "--ppid", str(demo.pid), "-o", "pid="]
    children = subprocess.run(listing, capture_output=True, text=True, check=False)
    demo.send_signal(number)
    assert demo.wait(10) == code
    assert children.stdout.split() == []
    assert not listens(url)
    if number != signal.SIGKILL:
        assert demo.stderr.read().strip() == ""
    assert listens(address(background("serve")))
    assert trellis("graph").returncode == 0


def test_in_a_terminal_it_draws_and_puts_the_screen_back(environment):
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "actors", "demo"]
    terminal = {**environment, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
    demo = subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, env=terminal)
    os.close(follower)
    shown, enough = b"", time.monotonic() + 20
    while shown.count(b"trellis set") < 3 and time.monotonic() < enough:
        shown += os.read(leader, 65536)
    demo.send_signal(signal.SIGINT)
    while True:
        try:
            shown += os.read(leader, 65536)
        except OSError:
            break
    assert demo.wait(10) == 130
    os.close(leader)
    text = shown.decode()
    assert "\x1b[?1049h" in text
    assert text.rindex("\x1b[?1049l") > text.rindex("\x1b[?1049h")
    assert "BAND_PASS" in text
    assert "ws://127.0.0.1:" in text


def fill(descriptor: int) -> None:
    """Write until there is no room, so that whoever writes next has to wait for a reader."""
    os.set_blocking(descriptor, False)
    with suppress(BlockingIOError):
        while True:
            os.write(descriptor, b"." * 64)
    os.set_blocking(descriptor, True)


@pytest.mark.parametrize("place", ["terminal", "pipe"])
def test_a_terminal_that_nobody_reads_holds_up_the_picture_and_not_the_graph(environment, trellis, place):
    leader, follower = pty.openpty() if place == "terminal" else os.pipe()
    fill(follower)
    command = [sys.executable, "-m", "actors", "demo"]
    demo = subprocess.Popen(command, stdout=follower, stderr=subprocess.DEVNULL, env=environment)
    os.close(follower)
    try:
        enough = time.monotonic() + 20
        while (looked := trellis("graph")).returncode and time.monotonic() < enough:
            continue
        assert [looked.returncode, trellis("graph").returncode, trellis("shutdown").returncode] == [0, 0, 0]
    finally:
        os.close(leader)  # As when its window is closed: whoever still writes there learns of it.
        demo.kill()
        demo.wait()


def test_streams_that_do_not_fit_are_connected_only_by_whoever_insists_and_the_demo_goes_on(background, trellis):
    demo = background("demo", "--seconds", "60")
    moment = moments(demo)
    address(demo)
    edge = ("DEMO/ALARM/OUTPUT", "DEMO/SOURCE/OUTPUT")
    refused = trellis("connect", *edge)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        "trellis: nothing was connected: DEMO/ALARM/OUTPUT sends actors.demo.AlarmState, and "
        "DEMO/DETECTION/BAND_PASS/INPUT takes actors.demo.Samples; --anyway connects them all the same\n"
    )
    assert trellis("disconnect", *edge).stdout == "DEMO/ALARM/OUTPUT -> DEMO/SOURCE/OUTPUT: was not persistent\n"
    assert trellis("connect", "--anyway", *edge).stdout == "DEMO/ALARM/OUTPUT -> DEMO/SOURCE/OUTPUT: added\n"
    trellis("set", "DEMO/ALARM", "threshold", "30")
    assert next(found for found in moment if found[5] == "ALARM")
    assert next(moment)
    demo.send_signal(signal.SIGINT)
    _, said = demo.communicate(timeout=10)
    assert demo.returncode == 130
    assert said.count("BAND_PASS goes on without a message that it cannot take") == 1


@pytest.mark.parametrize("module", ["numpy", "scipy", "pywt"])
def test_without_the_extra_one_line_says_what_to_install(environment, module):
    code = f"import sys; sys.modules[{module!r}] = None; from actors.__main__ import main; sys.exit(main(['demo']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 2
    assert done.stderr == "trellis: this command needs NumPy, SciPy and PyWavelets: pip install 'trellis[demo]'\n"


@pytest.mark.parametrize("arguments", [("--rate", "10"), ("--rate", "nan"), ("--seconds", "-1"), ("--rate", "x")])
def test_figures_that_make_no_sense_are_misuse(trellis, arguments):
    misused = trellis("demo", *arguments)
    assert misused.returncode == 2
    assert "Traceback" not in misused.stderr
