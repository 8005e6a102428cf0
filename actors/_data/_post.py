"""Who is at fault when a message cannot be given to someone, decided before it is given to anyone. Pure."""

from collections.abc import Iterable
from typing import Any

from ._errors import Unfit
from ._inbox import Inbox
from ._letter import Letter
from ._outlet import Outlet


def contents_of(letter: Letter, inboxes: Iterable[Inbox]) -> list[tuple[Inbox, Any]]:
    """Return what to put into each inbox.

    A message of our own that cannot be said to a subscriber across a wire ends that subscriber: one who listens from
    afar must not stop what flows here. Any other fault is its sender's, and raises `Unfit`.
    """
    contents: list[tuple[Inbox, Any]] = []
    for inbox in inboxes:
        try:
            contents.append((inbox, inbox.content_of(letter)))
        except Unfit as error:
            if not (letter.ours and isinstance(inbox, Outlet)):
                raise
            inbox.refuse(str(error))
    return contents
