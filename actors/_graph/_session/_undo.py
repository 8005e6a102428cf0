"""Which fields must be set to bring a component's settings back to an earlier value. Pure.

Knows readable forms only: the owning unit converts and checks what comes of it, as it does any update.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

from actors._graph._errors import SettingsRefused
from graphmeta import SettingValue, is_whole


def way_back(address: str, history: Sequence[SettingValue], revision: int | None) -> dict[str, Any]:
    """The values by path that undo the last change, or lead back to what held from *revision* on.

    Raises `SettingsRefused` when there is no such value, or no way to it.
    """
    if not history:
        raise SettingsRefused(address, "it has no settings")
    now = history[-1]
    before = _last(address, history) if revision is None else _of(address, history, revision)
    # A copy: what the history holds is frozen, and the unit may keep what it is given.
    values = deepcopy(dict(_differences(now.readable, before.readable, "")))
    if "" in values:
        raise SettingsRefused(address, "its settings have other fields now")
    for path, value in values.items():
        if not is_whole(value):
            raise SettingsRefused(address, f"what {path} was does not show as a whole")
    if not values:
        raise SettingsRefused(address, "it is set like that already, as far as is shown")
    return values


def _last(address: str, history: Sequence[SettingValue]) -> SettingValue:
    now = history[-1]
    for value in reversed(history[:-1]):
        if value.readable != now.readable:
            return value
        if value.reported:
            raise SettingsRefused(address, "what changed last does not show: secrets are never told")
        # What was registered, and the unit's own first report of it.
    raise SettingsRefused(address, "no earlier value is kept")


def _of(address: str, history: Sequence[SettingValue], revision: int) -> SettingValue:
    for value in history:
        if value.revision == revision:
            return value
    raise SettingsRefused(address, f"no value of revision {revision} is kept")


def _differences(now: Any, before: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Where the two differ, as far down as they have the same fields; the empty path is the whole."""
    if isinstance(now, dict) and isinstance(before, dict) and now.keys() == before.keys():
        for name, value in before.items():
            yield from _differences(now[name], value, f"{path}.{name}" if path else name)
    elif now != before:
        yield path, before
