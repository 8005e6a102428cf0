"""Processes that tests start: they compile our modules once between them, and hear of a terminal that closes."""

import gc
import signal
import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def compiled_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Where bytecode may not be written beside the sources, it is a third of what each of hundreds of starts costs."""
    with pytest.MonkeyPatch.context() as patch:
        if sys.dont_write_bytecode:
            patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
            patch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path_factory.mktemp("bytecode")))
        yield


@pytest.fixture(scope="session", autouse=True)
def signals_are_heard() -> None:
    """Under ``nohup``, and in the background of a script, every process that a test starts would inherit deafness."""
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        # A handler, which those who are started do not inherit, and not the default, which would end the tests.
        signal.signal(signal.SIGHUP, lambda number, frame: None)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="module")
def old_objects_left_alone() -> Iterator[None]:
    """For modules that collect garbage often: what thousands of tests before have left is none of theirs."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
