"""A message on its way to everyone who should have it, in the form that each of them takes; each form is made once.

Pure. A message of this process is there as a value; one that came over a wire is there as bytes. Subscribers of this
process take values, those across a wire take bytes.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import cached_property
from typing import Any, Final

from transport import Buffer, Posted

from ._errors import MessageTypeNotPortable
from ._fitting import fitting
from ._forms import Form, Packing, Pieces, as_unfit, open_trusted, packing_of, seal_trusted, transcode
from ._sound import check_found, check_unseen, is_shallow
from ._weight import check_weight, is_known

SMALL: Final = 4096
"""Bytes of a message of which many are handed over at one go."""


def small_ones(messages: Iterable[bytes | Posted], form: Form) -> list[bytes]:
    """Return the first ones, as far as whoever takes that form is given the very bytes that came.

    That takes no letter to find out: they are no more than `SMALL`, and shallow. What they may take once they are read
    is not looked at.
    """
    found: list[bytes] = []
    for message in messages:
        if type(message) is not bytes or len(message) > SMALL or not (form is Form.PICKLE or is_shallow(message)):
            break
        found.append(message)
    return found


class Letter(ABC):
    """One message, for all who should have it."""

    ours: bool
    """Whether it comes from this process or a child of it: then whoever cannot take it is the one to go."""

    def __init__(self, topic: str) -> None:
        self._topic: Final = topic
        self._packed: Final[dict[Form, Pieces]] = {}

    def packed(self, form: Form) -> Pieces:
        """Return its bytes, to be copied in this step; raises `Unfit` when it cannot be said in that form."""
        found = self._packed.get(form)
        if found is None:
            found = self._packed[form] = self._pack(form)
        return found

    @abstractmethod
    def value(self, message_type: Any) -> Any:
        """Return it for a subscriber of this process; raises `Unfit` when it is no value of that type."""

    @abstractmethod
    def _pack(self, form: Form) -> Pieces: ...


class ValueLetter(Letter):
    """A message of this process: subscribers beside it get the very object."""

    ours = True

    def __init__(self, topic: str, message_type: Any, value: Any) -> None:
        super().__init__(topic)
        self._type: Final = message_type
        self._value: Final = value

    def value(self, message_type: Any) -> Any:
        """Return the object itself, or a `Misfit` for who named something else."""
        return fitting(self._topic, self._type, self._value, message_type)

    def _pack(self, form: Form) -> Pieces:
        if form is Form.PICKLE:
            return seal_trusted(self._value)
        packing = _packing_for(self._topic, self._type)
        return packing.pieces(self._value) if form is Form.MSGPACK else (packing.pack(self._value, form),)


class ChildLetter(Letter):
    """A message of a child of this process: a pickle."""

    ours = True

    def __init__(self, topic: str, raw: bytes | Posted) -> None:
        super().__init__(topic)
        self._raw: Final[Buffer] = raw.lease() if isinstance(raw, Posted) else raw
        self._values: Final[list[Any]] = []

    def value(self, message_type: Any) -> Any:
        """Return the object, the same for all."""
        if not self._values:
            self._values.append(open_trusted(self._raw, message_type))
        return self._values[0]

    def _pack(self, form: Form) -> Pieces:
        if form is Form.PICKLE:
            return (self._raw,)
        value = self.value(object)
        # What the child declared is known as a text only; that its value has a class of its own is enough.
        return (_packing_for(self._topic, type(value)).pack(value, form),)


class DoorLetter(Letter):
    """A message of a peer at a door: opened for those who need it, passed on as it is to those who do not.

    One that may take more than *most* bytes once it is read is refused with `Unfit`, whoever would read it: so it does
    not matter to its sender who listens, and to those who listen in other processes who sends. What came beside the
    link is copied once, to where it leaves from, if its beginning tells what it is.
    """

    ours = False

    def __init__(self, topic: str, form: Form, raw: bytes | Posted, most: int) -> None:
        super().__init__(topic)
        self._form: Final = form
        self._came: Final = raw
        """Kept for as long as somebody may look at it where it came."""
        self._packed[form] = self._weighed(raw, most)
        self._values: Final[dict[int, Any]] = {}

    def _weighed(self, raw: bytes | bytearray | Posted, most: int) -> Pieces:
        if isinstance(raw, Posted):
            beginning, rest = raw.peek()
            if is_known(beginning, len(raw), most):
                return beginning, rest
            # Taken before it is looked at: what is in a memory file may change under whoever looks.
            raw = raw.take()
            check_unseen(raw)
        else:
            check_found(raw, self._form)
        check_weight(raw, most, text=self._form is Form.JSON)
        return (raw,)

    @cached_property
    def _raw(self) -> Buffer:
        """All of it, which stays as it is."""
        pieces = self._packed[self._form]
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def value(self, message_type: Any) -> Any:
        """Return it as a value of that type, read once for all who share the type."""
        packing = _packing_for(self._topic, message_type)
        if id(packing) not in self._values:
            self._values[id(packing)] = packing.unpack(self._raw, self._form)
        return self._values[id(packing)]

    def _pack(self, form: Form) -> Pieces:
        return (transcode(self._raw, self._form, form),)


def _packing_for(topic: str, message_type: Any) -> Packing:
    """Return the packing of a type for one of who should have a message; raises `Unfit` when there is none."""
    try:
        return packing_of(topic, message_type)
    except MessageTypeNotPortable as error:
        raise as_unfit(error) from None
