"""The reasons that a person reads when a value is refused, and the border where a class's own errors stop.

A class that holds secrets may quote them in any error of its own: then its words are withheld.
"""

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any, Final, TypeVar

from graphmeta._errors import InvalidSettings

from ._contain import attempt, class_name
from ._leaves import text

T = TypeVar("T")

MAX_REASON: Final = 500
"""Characters of a reason that a foreign class gave."""


def unknown(path: str, name: str, known: Iterable[str], owner: str) -> InvalidSettings:
    """Return the error for a name that *owner* has no field for; it names the nearest one."""
    names = list(known)
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else _listing(names)
    return InvalidSettings(path, f"{owner} has no such field; {hint}")


def joined(path: str, name: str) -> str:
    """Return the dotted path of *name* below *path*."""
    return f"{path}.{name}" if path else name


def checked(make: Callable[[], T], path: str, *, withheld: bool) -> T:
    """Return what *make*, a class's own code, makes; raise `InvalidSettings` with its words if it refuses."""
    try:
        return make()
    except (KeyboardInterrupt, InvalidSettings):
        raise
    except BaseException as error:
        refusal = _refusal(error, path, withheld)
    # Raised out here, the refusal drags no foreign error along as its context, and no secret in that.
    raise refusal


def _refusal(error: BaseException, path: str, withheld: bool) -> InvalidSettings:
    name = class_name(type(error)).removeprefix("builtins.")
    if withheld:
        return InvalidSettings(
            path, f"refused with {name}; its text is withheld, for the settings hold secrets"
        )
    return attempt(InvalidSettings(path, f"refused with {name}"), _quoted, error, path, name)


def _quoted(error: BaseException, path: str, name: str) -> InvalidSettings:
    errors: Any = getattr(error, "errors", None)
    if callable(errors) and name.endswith("ValidationError"):
        first = errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        return InvalidSettings(
            path if path.endswith(where) else joined(path, where), text(first["msg"])[:MAX_REASON]
        )
    words = error.args[0] if error.args and isinstance(error.args[0], str) else str(error)
    return InvalidSettings(path, text(words)[:MAX_REASON] or f"refused with {name}")


def _listing(names: list[str]) -> str:
    return f"it has {', '.join(sorted(names)[:20])}" if names else "it has none"
