"""What a service offers, described in OpenRPC: made from the same annotations that decode its parameters. Pure.

Any peer may ask for it with the method ``rpc.discover``, so that no client needs our documents or our language.
"""

import inspect
from collections.abc import Hashable, Iterable
from typing import Any, cast

import msgspec

from transport._documents._fragments import FRAGMENT, TextFragment
from transport._documents._rpc import CANCEL, Cancel

from ._service_table import WireMethod, wire_methods

DISCOVER = "rpc.discover"
_OPENRPC = "1.3.2"
_REFERENCE = "#/components/schemas/{name}"


def describe_service(cls: type) -> dict[str, Any]:
    """Describe the wire methods of a class as an OpenRPC document, which is plain data.

    The class may name another one as ``CALLS``: of that one the wire methods are what it calls at the other end.
    OpenRPC has no place for those, so they are method objects under names of our own: ``x-notifications``, which have
    no result (among them those of the wire itself, which either end may send), and ``x-requests``.
    """
    methods, calls = _methods_of(cls), _methods_of(getattr(cls, "CALLS", object))
    told = [method for method in calls if not method.waits] + [_own(CANCEL, Cancel), _own(FRAGMENT, TextFragment)]
    asked = [method for method in calls if method.waits]
    types = [hint for method in (*methods, *told, *asked) for hint in _types(method)]
    schemas, components = msgspec.json.schema_components(types, schema_hook=_anything, ref_template=_REFERENCE)
    found = iter(schemas)
    return {
        "openrpc": _OPENRPC,
        "info": {"title": cls.__name__, "version": "1"},
        "methods": [_describe(method, found) for method in methods],
        "x-notifications": [_without(_describe(method, found), "result", "x-reads") for method in told],
        "x-requests": [_without(_describe(method, found), "x-reads") for method in asked],
        "components": {"schemas": components},
    }


def _methods_of(cls: type) -> list[WireMethod]:
    return list(wire_methods(cast("Hashable", cls)).values())


def _own(name: str, params: type[msgspec.Struct]) -> WireMethod:
    """A notification of the wire itself."""
    summary = inspect.cleandoc(params.__doc__ or "")
    return WireMethod(name, reads=True, waits=False, params=params, undecoded=(), result=None, summary=summary)


def _types(method: WireMethod) -> list[Any]:
    """List the types of a method in the order in which their schemas are taken."""
    return [*(field.type for field in msgspec.structs.fields(method.params)), method.result]


def _describe(method: WireMethod, schemas: Iterable[dict[str, Any]]) -> dict[str, Any]:
    taken = iter(schemas)
    return {
        "name": method.name,
        "summary": method.summary,
        "x-reads": method.reads,
        "paramStructure": "by-name",
        "params": [
            {"name": field.name, "required": field.required, "schema": next(taken) | _default(field.default)}
            for field in msgspec.structs.fields(method.params)
        ],
        "result": {"name": "result", "schema": next(taken)},
    }


def _without(description: dict[str, Any], *parts: str) -> dict[str, Any]:
    return {part: value for part, value in description.items() if part not in parts}


def _default(value: Any) -> dict[str, Any]:
    """Tell a default that JSON can say; a record's is told by its own schema."""
    return {"default": value} if isinstance(value, str | int | float | None) else {}


def _anything(_: type) -> dict[str, Any]:
    """Say nothing about a type that msgspec cannot describe, such as a payload that stays encoded."""
    return {}
