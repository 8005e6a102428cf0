"""Settings classes of msgspec and pydantic. Pydantic is never imported: a model brings its own code along."""

import dataclasses
from collections.abc import Iterator
from typing import Annotated, Any, Final

import msgspec

from ._annotations import parts, resolved_hints
from ._contain import attempt, declared, descends
from ._fields import Default, Field, Kind, make_field

_CONVERTERS: Final = ("BeforeValidator", "WrapValidator", "PlainValidator")
"""What pydantic runs before it looks at the type."""


def _struct_fields(cls: Any) -> tuple[Field, ...]:
    hints = resolved_hints(cls)
    names: tuple[str, ...] = cls.__struct_fields__
    defaults: tuple[Any, ...] = cls.__struct_defaults__
    required = (msgspec.NODEFAULT,) * (len(names) - len(defaults))
    return tuple(
        make_field(name, hints.get(name, Any), _struct_default(default))
        for name, default in zip(names, (*required, *defaults), strict=True)
    )


def _struct_default(default: Any) -> Default | None:
    if default is msgspec.NODEFAULT:
        return None
    if descends(type(default), "msgspec._core", "Factory"):
        factory: Default = default.factory
        return factory
    return lambda: default


def _model_fields(cls: Any) -> tuple[Field, ...]:
    converted = attempt(frozenset(), lambda: frozenset(_converted_by_class(cls)))
    return tuple(
        make_field(
            name,
            Annotated[info.annotation, info, *info.metadata],
            _model_default(info),
            info.json_schema_extra,
            converts=name in converted or "*" in converted or _converts(info),
        )
        for name, info in cls.__pydantic_fields__.items()
    )


def _model_default(info: Any) -> Default | None:
    return None if info.is_required() else lambda: info.get_default(call_default_factory=True)


def _converts(info: Any) -> bool:
    said = (*parts(info.annotation), *info.metadata)
    return any(descends(type(extra), "pydantic.functional_validators", *_CONVERTERS) for extra in said)


def _converted_by_class(cls: Any) -> Iterator[str]:
    """Yield the fields that a ``field_validator`` of the class sees before their type is looked at."""
    for validator in cls.__pydantic_decorators__.field_validators.values():
        if validator.info.mode != "after":
            yield from validator.info.fields


def _build_model(cls: Any, values: dict[str, Any]) -> Any:
    aliased = any(info.validation_alias is not None for info in cls.__pydantic_fields__.values())
    return cls.model_validate(values, **({"by_alias": False, "by_name": True} if aliased else {}))


def _replace_model(old: Any, values: dict[str, Any]) -> Any:
    """Validate the whole model anew, then put what came out into a copy: its private parts stay as is."""
    now = {name: getattr(old, name) for name in type(old).__pydantic_fields__}
    checked = _build_model(type(old), {**now, **(old.model_extra or {}), **values})
    changed = {name: getattr(checked, name) for name in now if getattr(checked, name) is not now[name]}
    return old.model_copy(update=changed)


MSGSPEC: Final = Kind(
    name="msgspec",
    claims=lambda cls: issubclass(cls, msgspec.Struct),
    fields=_struct_fields,
    build=lambda cls, values: cls(**values),
    replace=lambda old, values: msgspec.structs.replace(old, **values),
)
PYDANTIC: Final = Kind(
    name="pydantic",
    claims=lambda cls: descends(cls, "pydantic.main", "BaseModel"),
    fields=_model_fields,
    build=_build_model,
    replace=_replace_model,
)
PYDANTIC_DATACLASS: Final = Kind(
    name="pydantic dataclass",
    claims=lambda cls: declared(cls, "__dataclass_fields__") and declared(cls, "__pydantic_fields__") is not None,
    fields=_model_fields,
    build=lambda cls, values: cls(**values),
    replace=lambda old, values: dataclasses.replace(old, **values),
)
