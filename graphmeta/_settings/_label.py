"""A value as one short text: a key, a choice, a step of a path."""

from ._contain import attempt
from ._leaves import NOT_A_LEAF, described, leaf, unshowable
from ._numpy import to_python
from ._search import why_withheld
from ._secrets import REDACTED


def label(value: object) -> str:
    """Return what stands for *value* in a text; it never raises and tells no secret."""
    shown = attempt(unshowable(value), lambda: leaf(to_python(value)))
    if shown is not NOT_A_LEAF:
        return str(shown)
    return described(value) if why_withheld(value) is None else REDACTED
