"""What everything that runs under one session shares; it knows no unit and no process."""

from collections.abc import Callable
from typing import Any

import attrs

from actors._graph import Session

from ._main_thread import MainThread
from ._progress import Progress


def _nobody(address: str, settings: Any) -> None:
    pass


@attrs.frozen(eq=False)
class Stage:
    """The session, how far the run is, and the ways out of it."""

    session: Session
    """Owns the endpoints."""
    progress: Progress
    main_thread: MainThread | None = None
    """Where a main function can run; None where Trio has the main thread for itself."""
    on_settings: Callable[[str, Any], None] = _nobody
    """Told of the settings that a unit has taken."""
