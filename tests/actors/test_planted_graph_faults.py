"""Each of these faults of the graph floor must turn the suite red: what no test would miss is not guarded.

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
    """In ``actors/_graph``."""
    old: str
    new: str
    tests: str
    """The test file of ``tests/actors`` that must notice, without what all their names begin with."""


FAULTS = {
    "the ended may go on": Fault(
        "_ledger/_ledger.py", "raise SessionEnded(str(session))", 'return Record(session, "", "", 0.0)', "ledger_model"
    ),
    "a session's end leaves its edges": Fault(
        "_ledger/_ledger.py", "self._edges.release(record, draft)", "pass", "session_conformance"
    ),
    "a session's end leaves its components": Fault(
        "_ledger/_ledger.py", "self._components.withdraw(record, draft)", "pass", "session_conformance"
    ),
    "no end event": Fault(
        "_ledger/_ledger.py",
        "draft.ended.append(Ended(record.id, record.name, command.reason))",
        "pass",
        "ledger_model",
    ),
    "a release is nobody's deed": Fault(
        "_ledger/_ledger.py",
        "if isinstance(command, ask.End) and command.by in self._records:",
        "if False:",
        "session_conformance",
    ),
    "the end goes without its own task": Fault(
        "_session/_session_actor.py", "self._service.begin(self._spawn)", "pass", "session_conformance"
    ),
    "a changed session is shown as it was": Fault(
        "_ledger/_ledger.py", "record.frozen = None", "pass", "session_conformance"
    ),
    "a scope's end leaves what is inside": Fault(
        "_ledger/_record.py",
        'inside = [path for path in self.scopes if path == scope or path.startswith(scope and scope + "/")]',
        "inside: list[str] = []",
        "session_conformance",
    ),
    "two scopes of one name": Fault(
        "_ledger/_edges.py", "if command.scope in record.scopes or not name.strip():", "if False:", "ledger_model"
    ),
    "topics have no bound": Fault("_ledger/_edges.py", "bounds.check_topics(limits, edges)", "pass", "session_limits"),
    "edges have no bound": Fault(
        "_ledger/_edges.py",
        "if len(self.dag) + len(edges) <= limits.edges and held + len(edges) <= limits.edges_per_session:",
        "if True:",
        "session_limits",
    ),
    "watches have no bound": Fault(
        "_session/_service.py",
        'check("watches_per_session", self._graph.limits, len(self._watches) + 1)',
        "pass",
        "session_limits",
    ),
    "an address may be taken twice": Fault(
        "_ledger/_components.py", "self._check_free(record, command.addresses)", "pass", "session_conformance"
    ),
    "anybody may report settings": Fault(
        "_ledger/_components.py", "self._check_reporter(record, command.address)", "pass", "live_settings"
    ),
    "settings do not fall back": Fault(
        "_ledger/_components.py",
        "self._forget_settings(record, record.addresses, frozenset(record.reported), draft)",
        "pass",
        "live_settings",
    ),
    "history without a bound": Fault(
        "_supervisor/_history.py",
        "while len(self._changes) > self._most or self._weight > self._heaviest:",
        "while False:",
        "awkward_sessions",
    ),
    "another epoch goes on as this one": Fault(
        "_supervisor/_history.py", "if epoch is not None and epoch != self._epoch:", "if False:", "session_conformance"
    ),
    "a slow watcher misses changes in silence": Fault(
        "_supervisor/_watch.py", "self._restart()", "pass", "slow_watchers"
    ),
    "a slow watcher is borne for ever": Fault(
        "_supervisor/_watch.py", "if self._missed > self._bound:", "if False:", "slow_watchers"
    ),
    "changes come after the reply that names them": Fault(
        "_wire/_remote_service.py", "watch.on_item = self.drain", "pass", "session_conformance"
    ),
    "a watch outlives its session": Fault(
        "_session/_service.py", "watch.close(failure)", "pass", "session_conformance"
    ),
    "who waits is not told of the end": Fault("_session/_service.py", "scope.cancel()", "pass", "live_settings"),
    "the body is not told of the end": Fault(
        "_session/_body.py", "session.on_ended = scope.cancel", "pass", "session_conformance"
    ),
    "a lost session is lost in silence": Fault(
        "_session/_body.py",
        "    if session.ending is not None:\n        raise session.ending from None\n\n\ndef",
        "\n\ndef",
        "session_conformance",
    ),
    "no goodbye": Fault("_wire/_remote.py", 'await line.request("close", {}, int)', "pass", "session_conformance"),
    "Ctrl-C strikes inside a change": Fault(
        "_supervisor/_supervisor.py",
        "    @trio.lowlevel.enable_ki_protection\n    def _submit(",
        "    def _submit(",
        "interrupted_changes",
    ),
    "a closed graph goes on": Fault(
        "_supervisor/_supervisor.py", "member.end(SessionLost(reason))", "pass", "session_conformance"
    ),
    "a small registration overtakes a large one": Fault(
        "_wire/_remote_service.py", "async with self._registrations.turn(place):", "if True:", "awkward_sessions"
    ),
    "undo takes an older change for the last": Fault(
        "_session/_undo.py", "if value.reported:", "if False:", "live_settings"
    ),
    "answered before it is stored": Fault(
        "_storage/_journal.py", "    if batch is None:", "    if True:", "persistence"
    ),
    "what failed is not undone": Fault(
        "_storage/_journal.py", "dict.fromkeys(undo(gone, back), False)", "{}", "persistence"
    ),
    "what came during a failure is not undone": Fault(
        "_storage/_journal.py",
        "wanted = self._under_way.wanted | self._next.wanted",
        "wanted = self._under_way.wanted",
        "persistence",
    ),
    "the last changes are not stored": Fault("_storage/_journal.py", "await self._flush()", "pass", "persistence"),
    "an undo is stored as a change": Fault(
        "_ledger/_edges.py",
        "lost = [edge for edge in command.gone if self.dag.owns(None, edge)]",
        "lost = []",
        "persistence",
    ),
    "a failed write stays half done": Fault(
        "_storage/_state_file.py", "                self._roll_back()\n", "", "state_file"
    ),
    "anybody's file will do": Fault(
        "_storage/_state_file.py", "_check_header(self.path, os.pread(descriptor, 100, 0))", "pass", "state_file"
    ),
    "a later format is taken for ours": Fault(
        "_storage/_state_file.py", "if (found := int.from_bytes(header[60:64])) > FORMAT:", "if False:", "state_file"
    ),
    "a damaged file is read": Fault("_storage/_state_file.py", 'if verdict != "ok":', "if False:", "state_file"),
    "a file's edges may run in a circle": Fault(
        "_storage/_state_file.py", "DAG().add_edges(edges)", "pass", "state_file"
    ),
    "guesses take as long as they like": Fault(
        "_supervisor/_nearest.py", "if len(name) > _LONGEST:", "if False:", "nearest"
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_line_that_a_fault_changes_is_there(name: str) -> None:
    fault = FAULTS[name]
    source = (ROOT / "actors" / "_graph" / fault.file).read_text(encoding="utf-8")
    assert source.count(fault.old) == 1
    assert (ROOT / "tests" / "actors" / f"test_{fault.tests}.py").exists()


@pytest.mark.skipif(not FULL, reason="takes minutes: TRELLIS_CAMPAIGN=full")
@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_turns_the_suite_red(name: str, tmp_path: Path) -> None:
    fault = FAULTS[name]
    copy_to(tmp_path)
    planted = tmp_path / "actors" / "_graph" / fault.file
    planted.write_text(planted.read_text(encoding="utf-8").replace(fault.old, fault.new), encoding="utf-8")
    try:
        done = run_tests(tmp_path, fault.tests, patience=max(30.0, 5 * seconds_without_fault(fault.tests)))
    except subprocess.TimeoutExpired:
        print("a test hung: without the fault all were done in a fifth of the time")
        return
    assert done.returncode == 1, done.stdout[-2000:]


@cache
def seconds_without_fault(tests: str) -> float:
    """How long the same tests take when nothing is planted; they must be green then, else red would mean nothing."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        copy_to(Path(folder))
        done = run_tests(Path(folder), tests, patience=600)
    assert done.returncode == 0, done.stdout[-2000:]
    return time.monotonic() - began


def copy_to(folder: Path) -> None:
    for package in ("transport", "actors", "graphmeta", "tests/actors"):
        shutil.copytree(ROOT / package, folder / package)
    shutil.copy(ROOT / "pyproject.toml", folder)


def run_tests(folder: Path, tests: str, *, patience: float) -> "subprocess.CompletedProcess[str]":
    file = folder / "tests" / "actors" / f"test_{tests}.py"
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", str(file)]
    environment = os.environ | {
        "TRELLIS_CAMPAIGN": "",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(folder),
    }
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=patience, check=False
    )
