"""The class that authors of actors derive from."""

from typing import Any, ClassVar, Self, cast

from ._cell import Cell
from ._handlers import Known
from ._life import Life
from ._nursery import ActorNursery
from ._policy import Supervision
from ._ref import ActorRef


class Actor:
    """An object that takes one message at a time, in a task of its own.

    Every async method can be called through an `ActorRef`. A restart makes a new object from the same arguments.
    """

    expected: ClassVar[tuple[type[Exception], ...]] = (Exception,)
    """Errors of these classes go to the caller and leave the actor alive; others crash it."""

    mailbox_bound: ClassVar[int] = 128
    """So many messages may wait; more senders than that wait outside, in order."""

    supervision: ClassVar[Supervision] = Supervision()
    """How the actor looks after its own children, in `nursery`."""

    _handlers: ClassVar[Known] = {}
    _life: Life
    _cell: Cell

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._handlers = {}

    async def started(self) -> None:
        """Make ready. Runs before `ActorNursery.start` returns; an error here reaches whoever starts the actor."""

    async def stopping(self) -> None:
        """Clean up. Runs once at the end of every life whose `started` returned, however it ends.

        It runs in the actor's own task, in the step in which that learns of the end, shielded from cancellation for
        at most the actor's grace, and protected from Ctrl-C. Background tasks are cancelled by then, child actors
        still there.
        """

    @property
    def ref(self) -> ActorRef[Self]:
        """The actor's own ref, to be handed out; there from `started` on."""
        ref: ActorRef[Self] = self._cell.ref
        return ref

    @property
    def nursery(self) -> ActorNursery:
        """The actor's own scope: child actors and background tasks in it end with this life of the actor.

        An error in a background task, and a child that its supervision gives up, crash the actor.
        """
        life = self._life
        if life.children is None:
            life.children = ActorNursery(life.path, self.supervision, life.tasks, life.errors)
        return cast(ActorNursery, life.children)

    def stop(self) -> None:
        """End this life after the message in hand. A permanent actor comes back."""
        self._life.leaving = True
        self._cell.mailbox.wake()

    def _enter(self, cell: Cell, life: Life) -> None:
        # around whatever an author's class does with attributes, frozen attrs classes included
        object.__setattr__(self, "_cell", cell)
        object.__setattr__(self, "_life", life)

    @property
    def _has_stopping(self) -> bool:
        return type(self).stopping is not Actor.stopping

    def _expects(self, error: Exception) -> bool:
        return isinstance(error, self.expected)
