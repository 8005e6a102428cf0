"""How a link comes by a way beside it: a client asks, the server makes a pair of sockets and gives it one of them.

So the server takes no descriptor that it did not make, and only clients who ask cost one. A server that cannot give it
at once leaves it out; then everything goes over the link.
"""

import os
import socket
import stat

from transport._bypass._bypass import Bypass
from transport._bypass._bypass_words import bypass_pair
from transport._limits import Limits

from ._guard import GuardedStream
from ._link import About


class Beside:
    """The way beside one link, if there is one, and the socket that it is made of."""

    def __init__(self, guard: GuardedStream, limits: Limits, about: About) -> None:
        self.bypass: Bypass | None = None
        self._guard = guard
        self._limits = limits
        self._socket: socket.socket | None = None
        self._in_place = about.in_place
        # What is no document here is none beside it.
        self._largest = about.role.largest_document(limits), about.role.other.largest_document(limits)
        self._begun = False

    def expect(self) -> bool:
        """Take what the server will give. False when it was asked for before."""
        if self._begun:
            return False
        self._begun = True
        self._guard.expect(self._take)
        return True

    def give(self, answer: bytes, *, now: bool) -> None:
        """Make the way, and hand the other end of it over with the answer, if that can leave *now*."""
        pair = None if self._begun or not now else bypass_pair()
        if pair is None:
            return
        self._begun = True
        ours, theirs = pair
        with theirs:
            given = self._guard.give(answer, theirs.fileno())
        if given:
            self._use(ours)
        else:
            ours.close()

    def close(self) -> None:
        """Let go of it all."""
        self._guard.expect(None)
        if self._socket is not None and self.bypass is not None:
            self.bypass.close()
            self._socket.close()
            self._socket = None

    def _take(self, descriptor: int) -> None:
        if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            self._guard.abort("the server gave what is no way beside the link")
            return
        self._use(socket.socket(fileno=descriptor))

    def _use(self, end: socket.socket) -> None:
        self._socket = end
        self.bypass = Bypass(
            end,
            most=self._limits.beside_bytes,
            largest=self._largest,
            in_place=self._in_place,
            abort=self._guard.abort,
        )
