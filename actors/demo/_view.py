"""The demo in a terminal: the heart and its rate, the signal, the alarm, the graph, and what to try.

A view is a pure function of a `DemoState`: it fills whatever room it is given, with colour or without, and
nothing in it says when it is drawn.
"""

from typing import Final

import attrs
from rich.box import ROUNDED
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from . import _panels as panels
from ._panels import Room
from ._plain import plain_line
from ._state import DemoState

NARROWEST: Final = 76
LOWEST: Final = 22
"""With fewer characters or lines there are no panels."""
_HEART_WIDTH: Final = 38
_TRIES_WIDTH: Final = 40
_TOP_HEIGHT: Final = 8
_TALLEST_TOP: Final = 14
_ALARM_HEIGHT: Final = 3
_ASSUMED: Final = "PyWavelets states no rate: --rate"
_FRAME: Final = 2
"""Lines of a frame; characters at each side, a space included."""


@attrs.frozen
class DemoView:
    """A renderable of rich that shows *state* in the whole room it is given."""

    state: DemoState

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the panels, or less where there is no room for them."""
        room = Room(options.max_width, options.height or options.size.height, options.ascii_only)
        roomy = room.width >= NARROWEST and room.height >= LOWEST
        yield _spacious(self.state, room) if roomy else _cramped(self.state, room, console)


def live_view(state: DemoState) -> DemoView:
    """Return what a terminal shows for *state*."""
    return DemoView(state)


def _spacious(state: DemoState, room: Room) -> RenderableType:
    rest = room.height - _ALARM_HEIGHT
    left = room.width - _TRIES_WIDTH
    tree = panels.tree(state, _inside(room, left, rest - _TOP_HEIGHT))
    tries = panels.tries(state, _inside(room, _TRIES_WIDTH, rest - _TOP_HEIGHT))
    # What these leave over goes to the signal, within reason.
    needed = _FRAME + max(len(tree.split()), len(tries.split()))
    top = min(max(_TOP_HEIGHT, rest - needed), _TALLEST_TOP)
    return Group(
        _beside(_heart(state, room, top), _signal(state, room, top)),
        _alarm(state, room),
        _beside(
            _framed(tree, _graph_title(state), left, rest - top),
            _framed(tries, "in a second terminal", _TRIES_WIDTH, rest - top, end="Ctrl-C ends the demo"),
        ),
    )


def _cramped(state: DemoState, room: Room, console: Console) -> RenderableType:
    words = Text(" ".join(plain_line(state).split()), "bold red" if state.alarm else "bold")
    lines = words.wrap(console, room.width)[: room.height]
    left = room.height - len(lines)
    return Group(*lines, *([panels.tree(state, attrs.evolve(room, height=left))] if left else []))


def _heart(state: DemoState, room: Room, height: int) -> Panel:
    minutes, seconds = divmod(int(state.seconds), 60)
    content = panels.heart(state, _inside(room, _HEART_WIDTH, height))
    return _framed(content, f"trellis demo {minutes:02d}:{seconds:02d}", _HEART_WIDTH, height)


def _signal(state: DemoState, room: Room, height: int) -> Panel:
    width = room.width - _HEART_WIDTH
    content = panels.signal(state, _inside(room, width, height))
    return _framed(content, f"ECG at an assumed {state.rate:g} Hz", width, height, end=_ASSUMED)


def _alarm(state: DemoState, room: Room) -> Panel:
    content = panels.alarm(state, _inside(room, room.width, _ALARM_HEIGHT))
    return _framed(content, "alarm", room.width, _ALARM_HEIGHT, "bold red" if state.alarm else "dim")


def _graph_title(state: DemoState) -> str:
    return "graph" if state.snapshot is None else f"graph, revision {state.snapshot.revision}"


def _inside(room: Room, width: int, height: int) -> Room:
    return Room(width - 2 * _FRAME, height - _FRAME, room.ascii_only)


def _framed(
    content: RenderableType, title: str, width: int, height: int, style: str = "dim", end: str | None = None
) -> Panel:
    heading = Text(f" {title} ", "bold not dim")
    return Panel(
        content,
        title=heading,
        subtitle=end,
        title_align="left",
        subtitle_align="right",
        box=ROUNDED,
        width=width,
        height=height,
        border_style=style,
    )


def _beside(left: RenderableType, right: RenderableType) -> Table:
    table = Table.grid()
    table.add_row(left, right)
    return table
