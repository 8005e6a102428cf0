"""What is secret, and how a person says so; nothing here looks at a value.

A field is secret if its annotation holds `Secret` or pydantic's secret types, if ``msgspec.Meta(extra=...)``
says so, or if its metadata (attrs, dataclasses, pydantic's ``json_schema_extra``) has a true ``"secret"``.
"""

from typing import Any, Final

from ._annotations import Unresolved, parts
from ._contain import attempt, descends

REDACTED: Final = "<secret>"
"""What stands in every readable form where a secret was."""

_PYDANTIC: Final = frozenset({"SecretStr", "SecretBytes", "Secret", "_SecretBase", "_SecretField"})


class Secret:
    """Marks a field as secret: ``token: Annotated[str, Secret]``. Its value is shown to nobody."""

    __module__ = "graphmeta"


def is_secret_class(cls: type) -> bool:
    """Tell whether values of *cls* are secret by themselves."""
    return descends(cls, "pydantic.types", *_PYDANTIC)


def is_secret_annotation(annotation: Any) -> bool:
    """Tell whether *annotation* marks a secret anywhere inside; an unresolved one is judged by its text."""
    return any(attempt(True, _marks, part) for part in parts(annotation))


def is_secret_metadata(metadata: Any) -> bool:
    """Tell whether a field's metadata mapping has a true ``"secret"``."""
    return attempt(True, lambda: hasattr(metadata, "get") and bool(metadata.get("secret")))


def _marks(part: Any) -> bool:
    if isinstance(part, Unresolved):
        return "Secret" in part.text
    if isinstance(part, type):
        return issubclass(part, Secret) or is_secret_class(part)
    if isinstance(part, Secret):
        return True
    return any(is_secret_metadata(getattr(part, name, None)) for name in ("extra", "json_schema_extra"))
