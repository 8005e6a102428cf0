"""What actors are doing, as frozen records and as a drawing. Read when asked; nothing is kept for it."""

from typing import Any

import attrs
import trio

from ._cell import Cell
from ._policy import restarts_in_words


@attrs.frozen
class ActorStatus:
    """One actor at one moment."""

    name: str
    path: str
    actor: str
    """the name of its class"""
    state: str
    """starting, running, suspended, stopping, restarting (between two lives) or stopped"""
    mailbox_depth: int
    mailbox_bound: int
    handled: int
    """messages taken since it was first started"""
    restarts: int
    uptime: float | None
    """seconds since this life began; None between lives"""
    last_error: str | None
    children: tuple["ActorStatus", ...] = ()

    def __str__(self) -> str:
        return "\n".join(_draw([self]))


@attrs.frozen
class ActorTree:
    """A nursery and everything in it at one moment; its text is a drawing."""

    path: str
    strategy: str
    restarts: int
    """restarts that this nursery has decided on; a group that restarts together counts once"""
    actors: tuple[ActorStatus, ...]

    def __str__(self) -> str:
        head = f"{self.path}  {self.strategy}, {restarts_in_words(self.restarts)}"
        return "\n".join([head, *_draw(self.actors)])


def status_of(cell: Cell) -> ActorStatus:
    """Read one cell, and what lives in its actor's own nursery."""
    life = cell.life
    return ActorStatus(
        name=cell.name,
        path=cell.path,
        actor=cell.class_name,
        state=cell.state.value,
        mailbox_depth=len(cell.mailbox),
        mailbox_bound=cell.mailbox.bound,
        handled=cell.handled,
        restarts=max(0, cell.lives - 1),
        uptime=None if life is None else trio.current_time() - life.since,
        last_error=cell.last_error,
        children=() if life is None or life.children is None else life.children.statuses(),
    )


Row = tuple[str, ...]


def _draw(actors: Any) -> list[str]:
    rows = [row for actor, lead, below in _branches(actors) for row in _rows(actor, lead, below)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _branches(actors: Any) -> list[tuple[ActorStatus, str, str]]:
    """Pair each actor with what is drawn before it and before everything below it."""
    last = len(actors) - 1
    return [(actor, *(("└── ", "    ") if index == last else ("├── ", "│   "))) for index, actor in enumerate(actors)]


def _rows(actor: ActorStatus, lead: str, below: str) -> list[Row]:
    rows = [_row(actor, lead)]
    for child, inner_lead, inner_below in _branches(actor.children):
        rows += _rows(child, below + inner_lead, below + inner_below)
    return rows


def _row(actor: ActorStatus, lead: str) -> Row:
    up = "" if actor.uptime is None else f"up {actor.uptime:.1f} s"
    return (
        lead + actor.name,
        actor.actor,
        actor.state,
        f"{actor.mailbox_depth}/{actor.mailbox_bound} waiting",
        f"{actor.handled} handled",
        restarts_in_words(actor.restarts),
        up,
        actor.last_error or "",
    )
