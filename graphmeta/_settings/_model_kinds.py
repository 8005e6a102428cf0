"""Settings classes of msgspec and pydantic. Pydantic is never imported: a model brings its own module along."""

from typing import Annotated, Any, Final

import msgspec

from ._annotations import resolved_hints
from ._contain import descends
from ._fields import Default, Field, Kind, make_field


def _struct_fields(cls: Any) -> tuple[Field, ...]:
    hints = resolved_hints(cls)
    defaults: tuple[Any, ...] = cls.__struct_defaults__
    names: tuple[str, ...] = cls.__struct_fields__
    given = dict(zip(names[len(names) - len(defaults) :], defaults, strict=True))
    return tuple(
        make_field(name, hints.get(name, Any), _struct_default(given.get(name, msgspec.NODEFAULT)))
        for name in names
    )


def _struct_default(default: Any) -> Default | None:
    if default is msgspec.NODEFAULT:
        return None
    factory = getattr(default, "factory", None)
    return factory if type(default).__name__ == "Factory" and factory is not None else lambda: default


def _model_fields(cls: Any) -> tuple[Field, ...]:
    return tuple(
        make_field(
            name,
            Annotated[info.annotation, info, *info.metadata],
            None if info.is_required() else lambda info=info: info.get_default(call_default_factory=True),
            getattr(info, "json_schema_extra", None),
            description=info.description,
        )
        for name, info in cls.model_fields.items()
    )


def _build_model(cls: Any, values: dict[str, Any]) -> Any:
    return cls.model_validate(values, by_alias=False, by_name=True)


def _replace_model(old: Any, values: dict[str, Any]) -> Any:
    """Validate the whole model anew, then copy what came out of it onto a copy: private parts stay as they are."""
    names = list(type(old).model_fields)
    whole = {**{name: getattr(old, name) for name in names}, **(old.model_extra or {}), **values}
    checked = _build_model(type(old), whole)
    changed = {
        name: getattr(checked, name) for name in names if getattr(checked, name) is not getattr(old, name)
    }
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
