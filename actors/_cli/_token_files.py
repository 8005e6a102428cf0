"""Tokens in files: an environment and the words of a command can be read by others, a file of one's own cannot."""

import os
import stat
from pathlib import Path

from actors._graph import Ticket, ticket_in
from transport import check_token

from ._errors import BadToken


def read_token(path: Path) -> tuple[str, Ticket | None]:
    """The token that a client brings: in a file of its own, or in the address file of a server, which comes with it."""
    # Read once: a pipe gives it only once, and whoever opened a named one again would wait for ever.
    text = _read(path)
    ticket = ticket_in(text)
    return (text, None) if ticket is None else (ticket.token, ticket)


def read_own_token(path: Path | None) -> str | None:
    """The token that a server asks for: `BadToken` if others on this host may read or choose it."""
    if path is None:
        return None
    try:
        return check_token(_read(path, private=True))
    except ValueError as error:
        raise BadToken(str(path), f"{error}; `openssl rand -hex 32` makes one") from None


def _read(path: Path, *, private: bool = False) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            if private and stat.S_IMODE(os.fstat(file.fileno()).st_mode) & stat.S_IRWXO:
                raise BadToken(str(path), f"everybody on this host may open the file; say chmod 600 {path}")
            text = file.read().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadToken(str(path), getattr(error, "strerror", None) or str(error)) from None
    if not text:
        raise BadToken(str(path), "it is empty")
    return text
