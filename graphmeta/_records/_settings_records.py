"""What a graph knows of a component's settings: how they were, what they may be, where new ones go.

These records hold plain data and opaque bytes; nothing here reads or makes settings, but for `load`, whose
caller asks for it.
"""

import math
from typing import Any

import attrs

from graphmeta._errors import InvalidMetadata, InvalidSettings
from graphmeta._pickles._pickles import load_trusted

from ._plain import is_plain
from ._record_types import Record


@attrs.frozen
class InitialSettings(Record):
    """Settings as they were given: opaque bytes for those who have the classes, a readable form for all."""

    readable: Any = None
    """JSON-safe plain data, bounded in depth and size, secrets redacted."""
    pickled: bytes | None = None
    """cloudpickle; opaque to every part of Trellis but `load`."""
    reason: str | None = None
    """Why there are no bytes: ``holds secrets``, or what cloudpickle said."""

    def __attrs_post_init__(self) -> None:
        if not is_plain(self.readable):
            raise InvalidMetadata("initial_settings.readable", "is not plain data")

    def load(self) -> object:
        """Return the settings themselves, running whatever code the bytes ask for: the caller trusts them.

        Raises `InvalidSettings` with the reason when there are no bytes, and whatever the pickle raises,
        ImportError above all when its classes are not installed here.
        """
        if self.pickled is None:
            raise InvalidSettings("", self.reason or "they were not pickled")
        return load_trusted(self.pickled)


@attrs.frozen
class SettingsField(Record):
    """One field of a component's settings."""

    path: str
    """Dotted: ``band.low``."""
    type: str
    required: bool = False
    default: Any = None
    """Readable form; meaningless while ``required``."""
    description: str = ""
    minimum: float | None = None
    maximum: float | None = None
    exclusive_minimum: bool = False
    exclusive_maximum: bool = False
    choices: tuple[Any, ...] = ()
    secret: bool = False

    def __attrs_post_init__(self) -> None:
        for bound in (self.minimum, self.maximum):
            if bound is not None and not math.isfinite(bound):
                raise InvalidMetadata(f"settings_schema.{self.path}", "has a bound that is not finite")
        if not is_plain(self.default) or (self.choices and not is_plain([*self.choices])):
            raise InvalidMetadata(f"settings_schema.{self.path}", "is not plain data")


@attrs.frozen
class DynamicSettingsMetadata(Record):
    """Whether a component takes settings while it runs, and where."""

    enabled: bool = False
    input_topic: str | None = None
    settings_type: str | None = None

    def __attrs_post_init__(self) -> None:
        if self.enabled != (self.input_topic is not None):
            raise InvalidMetadata("dynamic_settings", "it is enabled exactly when it names an input topic")
