"""The reasons that a person reads when a value is refused, and the border where a class's own errors stop.

A class that holds secrets may quote them in any error of its own: then its words are withheld.
"""

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from itertools import islice
from typing import Any, Final, NoReturn, TypeVar

from graphmeta._errors import InvalidSettings

from ._constraints import CHECKS, Constraint, broken
from ._contain import attempt, class_name
from ._label import label
from ._leaves import text
from ._search import declares_secrets, why_withheld

T = TypeVar("T")

MAX_REASON: Final = 500
"""Characters of a reason that a foreign class gave."""
MAX_LISTED: Final = 20
"""Names that a reason lists."""


def joined(path: str, name: object) -> str:
    """Return the dotted path of *name* below *path*."""
    shown = label(name)
    return f"{path}.{shown}" if path else shown


def refuse(path: str, reason: str) -> NoReturn:
    """Raise `InvalidSettings` with a path and a reason that can be sent anywhere."""
    raise InvalidSettings(text(path), text(reason))


def refuse_type(path: str, wanted: str, value: object) -> NoReturn:
    """Refuse *value* for its class; the value itself is not told."""
    refuse(path, f"must be {wanted}, not {class_name(type(value))}")


def refuse_name(path: str, name: object, known: Iterable[object], owner: str) -> NoReturn:
    """Refuse a name that *owner* has no field for, and tell the nearest."""
    names = [label(each) for each in islice(known, 1000)]
    near = get_close_matches(label(name)[:100], names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"it has {listed(sorted(names)) or 'none'}"
    refuse(joined(path, name), f"{owner} has no such field; {hint}")


def keep(constraints: Iterable[Constraint], value: T, path: str) -> T:
    """Return *value* if it keeps the constraints; refuse with the first that it breaks."""
    found = broken(constraints, value)
    if found is None:
        return value
    _, words = CHECKS[found.name]
    return refuse(path, words.format(listed(found.limit) if found.name == "choices" else label(found.limit)))


def listed(choices: Iterable[object]) -> str:
    """Return the first few *choices* as one text."""
    some = [label(choice) for choice in islice(choices, MAX_LISTED + 1)]
    return ", ".join([*some[:MAX_LISTED], *(["…"] if len(some) > MAX_LISTED else [])])


def checked(make: Callable[[], T], path: str, *owners: object, base: str | None = None) -> T:
    """Return what *make*, which runs a class's own code, makes; refuse with its words if it raises.

    The words are withheld if one of the *owners*, whose code it is, holds secrets. A fault that the class
    places in a field of its own is placed below *base*, by default *path*; any other is at *path*.
    """
    try:
        return make()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a hostile constructor may raise anything
        inner, reason = explained(error, *owners)
        where = ".".join(filter(None, (path if base is None else base, inner))) if inner else path
    # Raised out here, the refusal has no foreign error as its context, and so no secret in that.
    refuse(where, reason)


def guarded(work: Callable[[], T], path: str) -> T:
    """Return what *work*, our own, returns: it refuses by itself, and any other error refuses too."""
    try:
        return work()
    except (KeyboardInterrupt, InvalidSettings):
        raise
    except BaseException as error:  # a hostile class may raise anything when it is merely looked at
        reason = "is nested too deeply" if isinstance(error, RecursionError) else _withheld(error)
    refuse(path, reason)


def error_words(error: BaseException, *owners: object) -> str:
    """Return what *error* says, for sending it on; withheld if one of the *owners*, whose code it is, holds secrets.

    An owner is a settings object or a class of one.
    """
    return explained(error, *owners)[1]


def explained(error: BaseException, *owners: object) -> tuple[str, str]:
    """Return which field an error of the owners' code is about, if it says so, and what it may say."""
    if any(map(_secretive, owners)):
        return "", _withheld(error)
    if isinstance(error, RecursionError):
        return "", "is nested too deeply"
    where, words = attempt(("", ""), _words, error)
    return where, words[:MAX_REASON] or f"is refused with {class_name(type(error))}"


def _secretive(owner: object) -> bool:
    return declares_secrets(owner) if isinstance(owner, type) else why_withheld(owner) is not None


def _withheld(error: BaseException) -> str:
    return f"is refused with {class_name(type(error))}; its words are withheld, for they may tell a secret"


def _words(error: BaseException) -> tuple[str, str]:
    if isinstance(error, InvalidSettings):
        return text(error.path), text(error.reason)
    errors: Any = getattr(error, "errors", None)
    if callable(errors) and type(error).__name__ == "ValidationError":
        first = errors()[0]
        return ".".join(label(step) for step in first["loc"]), text(first["msg"])
    said = error.args[0] if error.args else ""
    # What a codec raises begins with the codec's name.
    return "", text(said if isinstance(said, str) and not isinstance(error, UnicodeError) else str(error))
