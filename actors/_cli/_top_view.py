"""What ``trellis top`` shows of two readings in a terminal: a table that fits its room. Pure."""

from typing import Final

import attrs
from rich.console import Console, ConsoleOptions, JustifyMethod, RenderResult
from rich.table import Table
from rich.text import Text

from actors._graph import EndpointRates, Rates
from graphmeta import visible

from ._top_lines import cells, headline, in_order

_COLUMNS: Final = (("session", 10), (">per s", 8), (">total", 9), (">queue", 6), (">dropped", 7), (">blocked", 7))
"""All but the topic, which gets the room that is left, and their widths."""
_GAP: Final = 1
_NARROWEST_TOPIC: Final = 12
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
        yield Text(f"{self.title}  {headline(self.rates)}", no_wrap=True, overflow="ellipsis", style="bold")
        yield self._table(shown, options.max_width)
        if len(shown) < len(ordered):
            yield Text(f"and {len(ordered) - len(shown)} more", style="dim")

    def _table(self, shown: tuple[EndpointRates, ...], width: int) -> Table:
        others = 1 + _GAP + sum(wide + _GAP for _, wide in _COLUMNS)
        topic_width = max(_NARROWEST_TOPIC, width - others)
        table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="dim")
        table.add_column("", width=1)
        table.add_column("topic", width=topic_width, no_wrap=True)
        for name, wide in _COLUMNS:
            justify: JustifyMethod = "right" if name.startswith(">") else "left"
            table.add_column(name.lstrip(">"), width=wide, no_wrap=True, justify=justify)
        for each in shown:
            # Text, because a cell is a name from elsewhere and no markup of ours.
            topic = _tail(visible(each.endpoint.topic), topic_width)
            session, *numbers = cells(each)
            name = _tail(visible(session), _COLUMNS[0][1])
            table.add_row(*map(Text, (_SIGNS[each.endpoint.direction], topic, name, *numbers)), style=_style(each))
        return table


def _style(each: EndpointRates) -> str:
    if each.dropped or (each.endpoint.direction == "subscriber" and each.blocked >= _HELD_UP):
        return "yellow"
    return "" if each.messages else "dim"


_HELD_UP: Final = 0.5
"""A subscriber that publishers wait for so much of the time is worth a look."""


def _tail(text: str, width: int) -> str:
    """The end of a path says more than its beginning."""
    return text if len(text) <= width else "…" + text[len(text) - width + 1 :]
