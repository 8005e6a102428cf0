"""What can go wrong between actors, one class per situation.

Fields are positional, so every error survives pickling. Each docstring says who caused it. Where an actor's
own error is behind one of these, it is the ``__cause__``.
"""

import attrs

from ._policy import restarts_in_words


class ActorError(Exception):
    """Any error that the actor floor raises on purpose."""


@attrs.frozen
class ActorStopped(ActorError):
    """The actor ended before it could answer, or had ended already; it was stopped, or crashed for good.

    If a crash was behind it, the crash is the ``__cause__``. `ActorRestarted` is the kind that says: ask
    again.
    """

    path: str

    def __str__(self) -> str:
        return f"actor {self.path} has stopped"


@attrs.frozen
class ActorRestarted(ActorStopped):
    """The life that handled this message ended, and another one follows: asking again makes sense.

    What was still queued is not lost; only the message in hand is, and replies that were put off.
    """

    def __str__(self) -> str:
        return f"actor {self.path} was restarted while it handled the message"


@attrs.frozen
class ActorCrashed(ActorError):
    """The message itself crashed the actor: its handler raised an error that the actor does not expect.

    That error is the ``__cause__``. Whether the actor comes back is up to its restart type.
    """

    path: str

    def __str__(self) -> str:
        return f"actor {self.path} crashed while it handled the message"


@attrs.frozen
class CallCycle(ActorError):
    """The caller's call would close a ring of actors that wait for each other for ever; nothing was sent.

    ``ring`` starts and ends with the caller's path.
    """

    ring: tuple[str, ...]

    def __str__(self) -> str:
        return "this call would wait for itself: " + " -> ".join(self.ring)


@attrs.frozen
class NameTaken(ActorError):
    """The caller wanted to start an actor under a name that a sibling has; nothing was started."""

    name: str
    nursery: str

    def __str__(self) -> str:
        return f"{self.nursery} has an actor called {self.name!r} already"


@attrs.frozen
class ActorNotFound(ActorError):
    """The caller looked up a name that no running actor of this nursery has."""

    name: str
    nursery: str

    def __str__(self) -> str:
        return f"{self.nursery} has no actor called {self.name!r}"


@attrs.frozen
class NurseryClosed(ActorError):
    """The caller used an actor nursery that is closing or closed: it starts nothing any more."""

    nursery: str

    def __str__(self) -> str:
        return f"actor nursery {self.nursery} is closed"


@attrs.frozen
class GraceExceeded(ActorError):
    """The actor's own ``stopping`` took longer than its grace and was cancelled."""

    path: str
    grace: float

    def __str__(self) -> str:
        return f"actor {self.path} did not stop within {self.grace:g} s"


@attrs.frozen
class TooManyRestarts(ActorError):
    """A permanent actor returned too often, and its nursery gives up; after a crash that crash is raised."""

    path: str
    restarts: int
    within: float

    def __str__(self) -> str:
        return f"actor {self.path} ended again after {restarts_in_words(self.restarts)} within {self.within:g} s"
