"""A way beside a link for bytes that are large: in memory files, handed over as descriptors.

A file is handed over once, and filled again when the other end has read it. On the link itself goes only the number of
what was posted. Whatever breaks the rules ends the connection.
"""

import socket
import sys
from collections.abc import Callable, Sequence
from typing import Final

from transport._errors import ProtocolError

from ._bypass_words import GONE, POSTED, READ, Words
from ._memory_files import NoMemoryFile
from ._own_files import KEPT, Buffer, OwnFiles, Stored
from ._their_files import Posted, TheirFiles

LARGE: Final = 64 * 1024
"""Bytes from which on a memory file is cheaper than frames."""


class Bypass:
    """One end. What is posted is fetched in the same order, if at all; it never waits.

    *most* bytes of memory files may be made here, and held here of the other end's; *largest* is what may be posted at
    once, by this end and by the other. What came may be used *in_place* if the other end is trusted not to change it.
    *abort* is told when the other end breaks the rules.
    """

    def __init__(
        self,
        sock: socket.socket,
        *,
        most: int = KEPT,
        largest: tuple[int, int] = (sys.maxsize, sys.maxsize),
        in_place: bool = True,
        abort: Callable[[str], None] = lambda reason: None,
    ) -> None:
        words = Words(sock)
        self._words: Final = words
        self._ours: Final = OwnFiles(most, lambda name: words.say(GONE.pack(name)))
        self._theirs: Final = TheirFiles(
            most, largest[1], in_place=in_place, tell_read=lambda number: words.say(READ.pack(number))
        )
        # A single one must not take all the room there is.
        self._largest: Final = min(most // 4, largest[0])
        self._abort: Final = abort
        self._broken = False
        self._newest = 0

    def close(self) -> None:
        """Let go of the memory. The socket is its owner's."""
        self._broken = True
        for each in (self._words, self._ours, self._theirs):
            each.close()

    def store(self, parts: Sequence[Buffer]) -> Stored | None:
        """Copy bytes into a memory file of ours, one part after the other; None when they have to go another way."""
        size = sum(map(len, parts))
        if not LARGE <= size <= self._largest or self._broken:
            return None
        file = self._ours.find(size)
        if file is None:
            # Not before: to hear that nothing was said costs as much as to say something.
            self._hear()
            file = self._ours.find(size) or self._ours.make(size)
        return None if file is None else self._ours.fill(file, size, parts)

    def look_ahead(self) -> None:
        """Hear what was read, if the next to be stored would have to: for when nobody waits for this end."""
        if self._ours.unread and not self._ours.free and not self._broken:
            self._hear()

    def post(self, stored: Stored) -> int | None:
        """Hand over what was stored here, and return its number; None when it has to go another way."""
        number, file = self._newest + 1, stored.file
        assert file is not None
        if self._broken:
            return None
        try:
            self._words.say(POSTED.pack(number, file.name, len(stored)), *file.new)
        except OSError:  # too many on their way, or nobody at the other end
            return None
        self._ours.hand_over(number, stored)
        self._newest = number
        return number

    def fetch(self, number: int) -> Posted:
        """Find the bytes of that number; those before them are dropped. Raises `ProtocolError` without any."""
        if not self._theirs.arrived(number):
            self._hear()
        posted = self._theirs.fetch(number)
        if posted is None:
            raise ProtocolError(f"memory file {number} did not arrive")
        return posted

    def _hear(self) -> None:
        """Take note of what the other end has said."""
        try:
            self._words.hear(self._note)
        except (NoMemoryFile, ProtocolError) as error:
            self.close()
            self._abort(f"the other end broke the rules of memory files: {error}")

    def _note(self, said: bytes, files: Sequence[int]) -> None:
        if len(said) == POSTED.size:
            number, name, size = POSTED.unpack(said)
            self._theirs.post(number, name, size, files)
        elif len(said) == READ.size:
            self._ours.take_back(*READ.unpack(said))
        else:
            self._theirs.forget(*GONE.unpack(said))
