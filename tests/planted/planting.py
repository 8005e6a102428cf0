"""How a fault is planted: in a copy of the tree, whose tests are then run on it."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

import attrs
import psutil

ROOT = Path(__file__).parents[2]
PACKAGES = ("actors", "graphmeta", "transport", "tests")
PATIENCE = 5
"""Tests that take so many times as long as without the fault hang because of it."""


@attrs.frozen
class Fault:
    """One mistake that somebody could make, and who must notice."""

    file: str
    old: str
    new: str
    tests: str
    """What the paths of the test files that must notice begin with, below ``tests`` and without ``test_``."""

    def source(self, root: Path = ROOT) -> str:
        """The file that it is planted in, as it is."""
        return (root / self.file).read_text(encoding="utf-8")


def files_of(tests: str, root: Path = ROOT) -> list[str]:
    """The test files that *tests* names."""
    files = []
    for words in tests.split():
        folder, _, beginning = words.rpartition("/")
        files += sorted(str(path) for path in (root / "tests" / folder).glob(f"test_{beginning}*.py"))
    return files


def is_noticed(fault: Fault, folder: Path) -> bool:
    """Plant the fault in a copy, made in *folder*: whether its tests fail or hang."""
    _copy_to(folder)
    planted = fault.source(folder).replace(fault.old, fault.new)
    (folder / fault.file).write_text(planted, encoding="utf-8")
    try:
        done = _run_tests(folder, fault.tests, patience=max(30.0, PATIENCE * _seconds_without_fault(fault.tests)))
    except subprocess.TimeoutExpired:
        return True
    finally:
        _end_processes(folder)
    return done.returncode == 1


@cache
def _seconds_without_fault(tests: str) -> float:
    """How long the same tests take when nothing is planted; they must be green then, else red would mean nothing."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        _copy_to(Path(folder))
        done = _run_tests(Path(folder), tests, patience=600)
    assert done.returncode == 0, done.stdout[-2000:]
    return time.monotonic() - began


def _end_processes(folder: Path) -> None:
    """What a fault has kept from ending: everything that runs code of the copy."""
    for process in psutil.process_iter(["cmdline"]):
        if any(str(folder) in word for word in process.info["cmdline"] or ()):
            with suppress(psutil.NoSuchProcess):
                process.kill()


def _copy_to(folder: Path) -> None:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)


def _run_tests(folder: Path, tests: str, *, patience: float) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *files_of(tests, folder)]
    environment = os.environ | {
        "TRELLIS_CAMPAIGN": "",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(folder),
    }
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=patience, check=False
    )
