"""What ``trellis top`` shows of two readings in a terminal: a table that fits its room. Pure."""

from typing import Final

import attrs
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from actors._graph import EndpointRates, Rates
from graphmeta import visible

from ._top_lines import cells, headline, in_order

_COLUMNS: Final = (("session", 10), ("per s", 8), ("total", 9), ("queue", 6), ("dropped", 7), ("blocked", 7))
"""All but the topic, which gets the room that is left, and their widths."""
_LEFT_OUT: Final = ("total", "session", "dropped", "queue", "blocked")
"""The columns that are left out, in this order, where the topic had too little room."""
_GAP: Final = 1
_NARROWEST_TOPIC: Final = 20
_SIGNS: Final = {"publisher": ">", "subscriber": "<"}
"""What an endpoint does to its topic: sends to it, or hears from it."""


@attrs.frozen
class TopView:
    """A renderable of rich: as many endpoints as the room has lines, and how many more there are."""

    rates: Rates
    sort: str
    title: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the title, the table, and what had no room."""
        ordered = in_order(self.rates, self.sort)
        # Two lines above the rows; one below them if not all are shown.
        room = max(1, (options.height or len(ordered) + 3) - 2)
        shown = ordered if len(ordered) <= room else ordered[: max(1, room - 1)]
        title = shortened(f"{self.title}  {headline(self.rates)}", options.max_width)
        yield Text(title, no_wrap=True, overflow="ellipsis", style="bold")
        yield self._table(shown, options.max_width)
        if len(shown) < len(ordered):
            yield Text(f"and {len(ordered) - len(shown)} more", style="dim")

    def _table(self, shown: tuple[EndpointRates, ...], width: int) -> Table:
        room = columns_for(width)
        topic_width = room.pop("topic")
        table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="dim")
        table.add_column("", width=1)
        table.add_column("topic", width=topic_width, no_wrap=True)
        for name, wide in room.items():
            table.add_column(name, width=wide, no_wrap=True, justify="left" if name == "session" else "right")
        for each in shown:
            # Text, because a cell is a name from elsewhere and no markup of ours.
            topic = tail(visible(each.endpoint.topic), topic_width)
            said = dict(zip((name for name, _ in _COLUMNS), cells(each), strict=True))
            said["session"] = tail(visible(said["session"]), room.get("session", 0))
            texts = (_SIGNS[each.endpoint.direction], topic, *(said[name] for name in room))
            table.add_row(*map(Text, texts), style=_style(each))
        return table


def columns_for(width: int) -> dict[str, int]:
    """The columns that a terminal has room for, by name, and their widths."""
    columns = dict(_COLUMNS)

    def left() -> int:
        return width - 1 - sum(wide + _GAP for wide in columns.values()) - _GAP

    for name in _LEFT_OUT:
        if left() >= _NARROWEST_TOPIC:
            break
        del columns[name]
    return {"topic": max(1, left()), **columns}


def _style(each: EndpointRates) -> str:
    if each.dropped or (each.endpoint.direction == "subscriber" and each.blocked >= _HELD_UP):
        return "yellow"
    return "" if each.messages else "dim"


_HELD_UP: Final = 0.5
"""A subscriber that publishers wait for so much of the time is worth a look."""


def tail(text: str, width: int) -> str:
    """The end of a path says more than its beginning; it begins with a whole name where two or more have room."""
    if len(text) <= width:
        return text
    end = text[len(text) - width + 1 :]
    whole = end.find("/")
    return "…" + (end[whole:] if "/" in end[whole + 1 :] else end)


def shortened(text: str, width: int) -> str:
    """As many of the parts between commas as there is room for."""
    while len(text) > width and "," in text:
        text = text.rpartition(",")[0]
    return text
