"""A message on its way to everyone who should have it, in the form that each of them takes; each form is made once.

Pure. A message of this process is there as a value; one that came over a wire is there as bytes. Local subscribers
take values, remote ones take bytes.
"""

from abc import ABC, abstractmethod
from typing import Any, Final

from ._errors import MessageTypeNotPortable, Unfit
from ._forms import Form, Packing, open_trusted, packing_of, seal_trusted, transcode


class Letter(ABC):
    """One message, for all who should have it."""

    def __init__(self, topic: str) -> None:
        self._topic: Final = topic
        self._packed: Final[dict[Form, bytes]] = {}

    def packed(self, form: Form) -> bytes:
        """Return it as bytes; raises `Unfit` when it cannot be said in that form."""
        found = self._packed.get(form)
        if found is None:
            found = self._packed[form] = self._pack(form)
        return found

    @abstractmethod
    def value(self, message_type: Any) -> Any:
        """Return it for a subscriber of this process; raises `Unfit` when it is no value of that type."""

    @abstractmethod
    def _pack(self, form: Form) -> bytes: ...


class ValueLetter(Letter):
    """A message of this process: subscribers beside it get the very object."""

    def __init__(self, topic: str, message_type: Any, value: Any) -> None:
        super().__init__(topic)
        self._type: Final = message_type
        self._value: Final = value

    def value(self, message_type: Any) -> Any:
        """Return the object itself."""
        return self._value

    def _pack(self, form: Form) -> bytes:
        if form is Form.PICKLE:
            return seal_trusted(self._value)
        return _packing(self._topic, self._type).pack(self._value, form)


class SealedLetter(Letter):
    """A message that came over a wire: opened for those who need it, passed on as it is to those who do not."""

    def __init__(self, topic: str, form: Form, raw: bytes) -> None:
        super().__init__(topic)
        self._form: Final = form
        self._raw: Final = raw
        self._packed[form] = raw
        self._values: Final[dict[Any, Any]] = {}

    def value(self, message_type: Any) -> Any:
        """Return it as a value of that type, read once for all who share the type."""
        if message_type not in self._values:
            self._values[message_type] = self._open(message_type)
        return self._values[message_type]

    def _open(self, message_type: Any) -> Any:
        if self._form is Form.PICKLE:
            return open_trusted(self._raw, self._topic, message_type)
        return _packing(self._topic, message_type).unpack(self._raw, self._form)

    def _pack(self, form: Form) -> bytes:
        return transcode(self._raw, self._form, form)


def _packing(topic: str, message_type: Any) -> Packing:
    try:
        return packing_of(topic, message_type)
    except MessageTypeNotPortable as error:
        raise Unfit(f"{error.type}: {error.reason}") from None
