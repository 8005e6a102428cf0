"""What can go wrong with messages that cross a wire. Fields are positional, so that each crosses the wire as itself."""

import attrs


class MessageError(Exception):
    """Any error about a message or its type that is raised on purpose."""


@attrs.frozen
class MessageTypeNotPortable(MessageError):
    """The caller opened an endpoint over a wire for a type that msgpack cannot carry without loss; nothing was opened.

    ``type`` is the type as a text.
    """

    topic: str
    type: str
    reason: str

    def __str__(self) -> str:
        return f"{self.topic}: messages of type {self.type} cannot cross a wire: {self.reason}"


@attrs.frozen
class MessageRefused(MessageError):
    """A message is not what its endpoint, or another one that it would reach, can take.

    Raised by ``send``, its caller sent the message; nobody got it. Raised by ``receive``, a publisher did.
    """

    topic: str
    reason: str

    def __str__(self) -> str:
        return f"{self.topic}: a message was refused: {self.reason}"


class Unfit(Exception):
    """Why a value cannot be packed or unpacked, as text; whoever knows the topic raises `MessageRefused`."""
