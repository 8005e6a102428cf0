"""The live settings of all components, encoded in slices, once for each change of them. Knows nothing of who asks."""

from collections.abc import Callable, Generator, Mapping
from typing import Final

from graphmeta import Encoding, SettingValue, encode_settings_slices

Settings = Mapping[str, SettingValue]


class EncodedSettings:
    """What is kept of them in one encoding. *hold* tells whether settings are those of now."""

    def __init__(self, encoding: Encoding, hold: Callable[[Settings], bool]) -> None:
        self._encoding: Final = encoding
        self._hold: Final = hold
        self._kept: tuple[Settings, bytes] | None = None

    def slices(self, settings: Settings) -> Generator[object, None, bytes]:
        """Encode *settings*, unless that has been done."""
        kept = self.of(settings)
        if kept is None:
            kept = yield from encode_settings_slices(settings, self._encoding)
            if self._hold(settings):  # If not, nobody would say when to forget them: that has been said.
                self._kept = (settings, kept)
        return kept

    def of(self, settings: Settings) -> bytes | None:
        """What *settings* look like, if that is kept: they are the same object until one of them changes."""
        return self._kept[1] if self._kept is not None and self._kept[0] is settings else None

    def forget(self) -> None:
        """Keep it no longer: settings have changed."""
        self._kept = None
