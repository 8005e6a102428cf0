"""What failed in a run: the record of it, and the notes that an error carries to whoever runs the components."""

import attrs


@attrs.frozen(eq=False)
class Failure:
    """One error of one component; its restart policy says what followed."""

    address: str
    """The component's."""
    error: BaseException
    at: float
    """Unix time, in seconds."""

    def __str__(self) -> str:
        return f"{self.address}: {type(self.error).__name__}: {self.error}"


def add_note(error: BaseException, note: str) -> None:
    """Add a note to any error; `BaseException.add_note` fails on those whose class is frozen."""
    BaseException.__setattr__(error, "__notes__", [*getattr(error, "__notes__", ()), note])
