"""Show on a terminal what is running, and print what was measured as soon as it is known.

The line of progress goes to stderr and only to a terminal. Tables go to stdout. This file measures nothing.
"""

from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ._records import Curve, Fact, Result
from ._report import show


class Screen:
    """What is seen of a run. Use as a context manager; afterwards the line of progress is gone."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(12),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        # Drawn between two turns only: a thread that draws would take its time from what is measured.
        self._progress: Final = Progress(
            *columns,
            console=console,
            transient=True,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
            disable=not console.is_terminal,
        )
        self._line: Final = self._progress.add_task("", total=None)
        self._benchmark = self._case = ""

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._progress.stop()

    def benchmark(self, name: str, number: int, of: int) -> None:
        """Say which benchmark runs now."""
        self._benchmark = f"{name} ({number} of {of})"
        self._progress.reset(self._line, description=self._benchmark, total=None)

    def case(self, name: str) -> None:
        """Say which case of it."""
        self._case = name

    def turn(self, contender: str, number: int, of: int) -> None:
        """Say whose turn it is: a `Watch`."""
        described = f"{self._benchmark}  {self._case}  {contender}"
        self._progress.update(self._line, description=described, completed=number - 1, total=of, refresh=True)

    def print(self, one: Result | Curve | Fact) -> None:
        """Print what was measured."""
        self._progress.stop()
        print(show(one), end="\n\n", flush=True)
        self._progress.start()
