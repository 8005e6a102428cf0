"""What can go wrong with worker processes, one class per situation; a unit's own errors arrive as themselves."""

import attrs


class WorkerTraceback(Exception):
    """The traceback of an error in a worker process, as text: the cause of the error that left it."""

    def __init__(self, text: str) -> None:
        super().__init__(text)

    def __str__(self) -> str:
        return f'\n"""\n{self.args[0]}"""'


@attrs.frozen
class WorkerDied(Exception):
    """A worker process ended without a word: it was killed, crashed in native code, or called ``os._exit``.

    Its components are those at and below ``address``. Either ``exit_code`` or the name of a ``signal`` is there.
    """

    address: str
    exit_code: int | None
    signal: str | None

    def __str__(self) -> str:
        how = f"was killed by {self.signal}" if self.signal else f"ended with exit code {self.exit_code}"
        return f"the worker process of {self.address} {how}"


@attrs.frozen
class WorkerFailed(Exception):
    """Code in a worker process raised an error that cannot be pickled, so that it cannot be raised here as itself.

    ``kind`` names its class, and its traceback is the ``__cause__``.
    """

    address: str
    kind: str
    text: str

    def __str__(self) -> str:
        return f"in the worker process of {self.address}: {self.kind}: {self.text}"
