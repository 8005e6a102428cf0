"""Ctrl-C while the command ``trellis`` is still being loaded: it ends as it would a moment later, and says nothing.

Loading takes some tenths of a second, and the first that Python loads of the command is the face of this package: so
this file comes before all else there. In a program that only uses the package it changes nothing. It knows nothing of
ours, and imports next to nothing.
"""

import os
import signal
import sys
from types import FrameType
from typing import Final

INTERRUPTED: Final = 130
"""The exit code that says so."""


def _is_command() -> bool:
    """Whether this process was started as the command: by its script, or with ``python -m actors``."""
    if sys.argv and sys.argv[0] == "-m":  # As it is until the module is found.
        return sys.orig_argv[-len(sys.argv)] == "actors"
    return bool(sys.argv) and os.path.basename(sys.argv[0]) == "trellis"


def _end(number: int, frame: FrameType | None) -> None:
    # At once: nothing is open yet, and an exception might be caught by whatever is being loaded.
    os._exit(INTERRUPTED)


def loaded() -> None:
    """Give Ctrl-C back to Python: from here on somebody answers for it."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


# Whoever is started with Ctrl-C ignored, in the background of a shell, goes on ignoring it.
if _is_command() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, _end)
