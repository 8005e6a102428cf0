"""Each of these faults must turn the suite red: what no test would miss is not guarded.

Planting them all takes minutes, so it is done on demand (``TRELLIS_CAMPAIGN=full``), on a copy; every run checks
that the lines they change are still there.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

import attrs
import pytest

ROOT = Path(__file__).parents[2]
FULL = os.environ.get("TRELLIS_CAMPAIGN") == "full"


@attrs.frozen
class Fault:
    file: str
    old: str
    new: str
    tests: str
    """The test files that must notice, by what their names begin with."""


FAULTS = {
    "any Origin may connect": Fault("_policy.py", "    _origin,\n", "", "hostile_handshakes"),
    "any Host may connect": Fault("_policy.py", "    _host,\n", "", "hostile_handshakes"),
    "no token is needed": Fault("_policy.py", "    _token,\n", "", "hostile_handshakes"),
    "no subprotocol is needed": Fault("_policy.py", "    _subprotocol,\n", "", "hostile_handshakes"),
    "plain text off loopback": Fault(
        "_policy.py", "return tls or self.insecure or is_loopback(host)", "return True", "connect"
    ),
    "a token in plain text": Fault(
        "_connect.py", "if not (address.tls or insecure or is_loopback(address.host)):", "if False:", "connect"
    ),
    "no deadline for the handshake": Fault(
        "_websocket_door.py",
        "deadline = trio.current_time() + loop.limits.handshake_seconds",
        "deadline = 1e9",
        "hostile_handshakes",
    ),
    "no room is made for honest handshakes": Fault(
        "_listen.py", 'oldest.abort("too many unfinished handshakes")', "pass", "hostile_handshakes"
    ),
    "the house is never full": Fault(
        "_listen.py", "if len(self._admitted) >= self.limits.sessions:", "if False:", "hostile_handshakes"
    ),
    "a peer's fault ends the server": Fault(
        "_listen.py", "rest = unexpected(error, EXPECTED)", "rest = error", "connect"
    ),
    "a bug ends only its connection": Fault(
        "_listen.py",
        "EXPECTED = (LinkClosed, LinkLost, ProtocolError)",
        "EXPECTED = (Exception,)",
        "connect",
    ),
    "the library's errors leave": Fault(
        "_websocket.py", "except* Exception as group:", "except* KeyError as group:", "connect"
    ),
    "the body's exception leaves in a group": Fault(
        "_stream_link.py", "with single_as_itself():", "if True:", "connect"
    ),
    "nothing is metered": Fault("_guard.py", "if self.meter is not None:", "if False:", "hostile_frames"),
    "empty fragments are free": Fault("_ws_meter.py", "self._fragments += 1", "pass", "hostile_frames"),
    "control frames are free": Fault("_ws_meter.py", "if self._control < 0:", "if False:", "hostile_frames"),
    "a send may take for ever": Fault(
        "_guard.py",
        "with trio.move_on_after(self._send_seconds) as deadline:",
        "with trio.CancelScope() as deadline:",
        "guard",
    ),
    "a cancelled send goes on": Fault("_guard.py", 'self.abort("a send was interrupted")', "pass", "guard"),
    "frames have no limit": Fault("_ws_frames.py", "if len(payload) > self._largest:", "if False:", "links"),
    "the library reads what comes after its head": Fault(
        "_websocket.py", "if HEAD_END in self._head and not is_refusal(self._head):", "if False:", "threshold"
    ),
    "a goodbye is not answered": Fault(
        "_stream_link.py",
        "if not self._said_goodbye:\n            with",
        "if False:\n            with",
        "hostile_frames",
    ),
    "a unix frame has no limit": Fault("_unix.py", "if end - _LENGTH > self._limit:", "if False:", "wire_meters"),
    "anybody's process may connect": Fault("_unix_door.py", "if uid != os.geteuid():", "if False:", "unix_door"),
    "anybody may enter the directory": Fault(
        "_unix_door.py", "if stat.S_IMODE(found.st_mode) & 0o077:", "if False:", "unix_door"
    ),
    "a living server is replaced": Fault(
        "_unix_door.py",
        'raise _cannot_listen(place, "another server listens there already")',
        "pass",
        "unix_door",
    ),
    "silence is borne": Fault("_heartbeat.py", "if self._link.last_heard < self._asked:", "if False:", "heartbeat"),
    "our own pause is the peer's fault": Fault(
        "_heartbeat.py",
        "if self._link.last_heard >= self._asked or late > _LATE:",
        "if self._link.last_heard >= self._asked:",
        "heartbeat",
    ),
    "a reply overtakes a change": Fault(
        "_sender.py", "while self._free and self._link.ready:", "while self._link.ready:", "peer"
    ),
    "messages are not bulk": Fault("_outbox.py", "lane = Lane.BULK if bulk else", "lane =", "wire_outbox"),
    "the outbox has no bound": Fault(
        "_outbox.py", "if self._waiting[bulk] >= self._bound(bulk):", "if False:", "wire_outbox"
    ),
    "calls outlive the link": Fault("_peer.py", "self._calls.fail_all(LinkLost(reason))", "pass", "peer"),
    "a cancelled call is not told": Fault("_peer.py", 'self.notify(CANCEL, {"id": call.id})', "pass", "peer"),
    "any number may wait": Fault(
        "_requests.py", 'self._check("requests_in_flight", len(self._waiting))', "pass", "peer"
    ),
    "what waits may take any room": Fault(
        "_requests.py", 'self._check("waiting_bytes", self._waiting_bytes)', "pass", "peer"
    ),
    "an id may be in flight twice": Fault(
        "_requests.py", "if request.id in self._waiting:", "if False:", "hostile_frames"
    ),
    "an unknown error is swallowed": Fault(
        "_requests.py",
        "if error not in self._errors:\n            raise error",
        "if error not in self._errors:\n            return",
        "peer",
    ),
    "towers are taken": Fault(
        "_nesting.py", 'raise Undecodable(f"nested more than {limit} deep")', "return", "hostile_frames"
    ),
    "a recursion error leaves": Fault("_codec.py", "except RecursionError:", "except KeyError:", "hostile_frames"),
    "bombs are decoded": Fault(
        "_codec.py",
        "if not fits_into(memoryview(self._encoded()), most, text=self._codec.text):",
        "if False:",
        "wire_records",
    ),
    "transfers have no bound": Fault("_fragments.py", "if self._bytes > self._max_bytes:", "if False:", "wire_outbox"),
    "a fragment may hold a fragment": Fault(
        "_receiver.py", 'raise ProtocolError("a fragment of a fragment")', "return None", "hostile_frames"
    ),
    "the opening may take for ever": Fault(
        "_opening.py", "trio.current_time() + limits.open_seconds", "trio.current_time() + 1e9", "opening"
    ),
    "the token for reading is for everything": Fault(
        "_policy.py",
        "return self.read_token is not None and _same(_bearer(head), self.read_token)",
        "return False",
        "connect",
    ),
    "readers may change things": Fault(
        "_service.py", "if self._read_only and not method.reads:", "if False:", "wire_service"
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_line_that_a_fault_changes_is_there(name: str) -> None:
    fault = FAULTS[name]
    source = (ROOT / "transport" / fault.file).read_text(encoding="utf-8")
    assert source.count(fault.old) == 1
    assert list((ROOT / "tests" / "transport").glob(f"test_{fault.tests}*.py"))


@pytest.mark.skipif(not FULL, reason="takes minutes: TRELLIS_CAMPAIGN=full")
@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_turns_the_suite_red(name: str, tmp_path: Path) -> None:
    fault = FAULTS[name]
    copy_to(tmp_path)
    planted = tmp_path / "transport" / fault.file
    planted.write_text(planted.read_text(encoding="utf-8").replace(fault.old, fault.new), encoding="utf-8")
    try:
        done = run_suite(tmp_path, fault.tests, patience=max(30.0, 5 * seconds_without_fault(fault.tests)))
    except subprocess.TimeoutExpired:
        # It hangs: the same tests were done in a fifth of the time.
        return
    assert done.returncode == 1, done.stdout[-2000:]


@cache
def seconds_without_fault(tests: str) -> float:
    """How long the same tests take when nothing is planted; they must be green then, else red would mean nothing."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        copy_to(Path(folder))
        done = run_suite(Path(folder), tests, patience=600)
    assert done.returncode == 0, done.stdout[-2000:]
    return time.monotonic() - began


def copy_to(folder: Path) -> None:
    for package in ("transport", "actors", "graphmeta", "tests/transport"):
        shutil.copytree(ROOT / package, folder / package)
    shutil.copy(ROOT / "pyproject.toml", folder)


def run_suite(folder: Path, tests: str, *, patience: float) -> "subprocess.CompletedProcess[str]":
    files = sorted(str(path) for path in (folder / "tests" / "transport").glob(f"test_{tests}*.py"))
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *files]
    environment = os.environ | {"TRELLIS_CAMPAIGN": "", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=patience, check=False
    )
