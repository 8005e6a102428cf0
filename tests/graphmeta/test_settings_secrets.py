"""No secret leaves: not by its field, not by a repr that reaches it, not by a copy in another text or an error."""

import collections
import dataclasses
import functools
import logging
import pathlib
import pickle
import traceback
from typing import Annotated, Any, NamedTuple

import attrs
import msgspec
import numpy as np
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmeta import (
    InvalidSettings,
    Secret,
    capture,
    convert_settings,
    error_words,
    patch,
    readable,
    settings_schema,
)

WORD = "hunter2!"


@attrs.frozen
class Login:
    user: str
    password: str = attrs.field(default=WORD, metadata={"secret": True})


class Struct(msgspec.Struct, gc=False):
    key: Annotated[str, msgspec.Meta(extra={"secret": True})] = WORD


class Model(pydantic.BaseModel):
    key: pydantic.SecretStr | None = pydantic.SecretStr(WORD)
    raw: pydantic.SecretBytes = pydantic.SecretBytes(WORD.encode())
    pin: pydantic.Secret[int] = pydantic.Secret(31337)
    said: str = pydantic.Field(default=WORD, json_schema_extra={"secret": True})


@dataclasses.dataclass
class Data:
    key: str = dataclasses.field(default=WORD, metadata={"secret": True})
    marked: Annotated[str, Secret] = WORD
    made: Annotated[str, Secret()] = WORD
    perhaps: Annotated[str, Secret] | None = None
    keys: list[Annotated[str, Secret]] = dataclasses.field(default_factory=lambda: [WORD])
    by_name: dict[str, pydantic.SecretStr] = dataclasses.field(default_factory=dict)


class Hidden(msgspec.Struct, gc=False):
    """What it holds is hidden from the garbage collector."""

    item: Any


class Tuple(NamedTuple):
    key: Annotated[str, Secret] = WORD


class Loud:
    """Its repr shows whatever it holds."""

    def __init__(self, *held: object) -> None:
        self.held = held

    def __repr__(self) -> str:
        return f"Loud{self.held!r}"


class Plain:
    """No settings class at all, but it says what is secret."""

    key: Annotated[str, Secret]

    def __init__(self) -> None:
        self.key = WORD

    def __repr__(self) -> str:
        return f"Plain({self.key})"


@attrs.frozen
class Around:
    item: Any = None


HOLDERS = [
    Login("me"),
    Struct(),
    Model(),
    Data(),
    Tuple(),
    Plain(),
    pydantic.SecretStr(WORD),
    Around(Login("me")),
    Around([{"deep": (Struct(),)}]),
    {"login": Login("me")},
    {Login("me"): "a key"},
    {frozenset({Login("me")}): "in a key"},
    Loud(Login("me")),
    Around(Loud([Struct()])),
    Around({Loud(Tuple()): 1}),
    Around(Loud(Hidden(Login("me")))),
    Around(functools.partial(print, Login("me"))),
    Around(Loud(Login("me")).__repr__),
    Around(collections.deque([Login("me")])),
    Around(np.array([Login("me")], dtype=object)),
    Around(Loud(np.array([Login("me")], dtype=object))),
    Around(Loud(ValueError(Login("me")))),
    Around(iter([Loud(Login("me"))])),
    Around((lambda login: lambda: login)(Login("me"))),
]


def everything_said(settings: Any) -> str:
    captured = capture(settings)
    return repr((readable(settings), captured, settings_schema(settings), settings_schema(type(settings))))


@pytest.mark.parametrize("settings", HOLDERS, ids=range(len(HOLDERS)))
def test_what_holds_a_secret_is_shown_without_it_and_has_no_bytes(settings: Any) -> None:
    assert WORD not in everything_said(settings)
    assert "31337" not in everything_said(settings)
    captured = capture(settings)
    assert (captured.pickled, captured.reason) == (None, "holds secrets")


def test_a_field_is_secret_by_any_of_the_marks() -> None:
    marked = {
        field.path for cls in (Login, Struct, Model, Data, Tuple) for field in settings_schema(cls) if field.secret
    }
    assert marked == {"password", "key", "raw", "pin", "said", "marked", "made", "perhaps", "keys", "by_name"}


def test_a_secret_is_redacted_whatever_it_is_even_none() -> None:
    assert readable(Data(perhaps=None, by_name={"me": pydantic.SecretStr(WORD)})) == dict.fromkeys(
        ["key", "marked", "made", "perhaps", "keys", "by_name"], "<secret>"
    )


def test_a_class_that_declares_a_secret_anywhere_has_no_bytes_though_the_value_is_none() -> None:
    @attrs.frozen
    class Outer:
        login: Login | None = None

    assert capture(Outer()).reason == "holds secrets"


def test_an_annotation_that_cannot_be_resolved_is_judged_by_its_text() -> None:
    @attrs.frozen
    class Late:
        key: "Annotated[str, Missing, Secret]" = WORD  # type: ignore[name-defined]  # noqa: F821 - that it is missing is the test
        other: "Missing" = 1  # type: ignore[name-defined]  # noqa: F821 - likewise

    assert readable(Late()) == {"key": "<secret>", "other": 1}
    assert [(field.path, field.type, field.secret) for field in settings_schema(Late)] == [
        ("key", "Annotated[str, Missing, Secret]", True),
        ("other", "Missing", False),
    ]


def test_a_secret_is_taken_out_of_other_texts_too() -> None:
    shown = readable({"url": f"http://me:{WORD}@host", "login": Login("me"), WORD: f"{WORD}{WORD}", "short": "m"})
    assert shown == {
        "url": "http://me:<secret>@host",
        "login": {"user": "me", "password": "<secret>"},
        "<secret>": "<secret><secret>",
        "short": "m",
    }


def test_a_secret_of_pydantic_is_taken_out_of_other_texts_without_any_class_around_it() -> None:
    settings = [f"/keys/{WORD}", pathlib.PurePosixPath(f"/keys/{WORD}"), pydantic.SecretStr(WORD), {(1, WORD): 1}]
    assert readable(settings) == ["/keys/<secret>", "/keys/<secret>", "<secret>", {"(1, '<secret>')": 1}]


def test_a_secret_default_is_taken_out_of_other_defaults() -> None:
    @attrs.frozen
    class Linked:
        url: str = attrs.field(default=f"http://me:{WORD}@host", metadata={"doc": f"not {WORD}"})
        password: str = attrs.field(default=WORD, metadata={"secret": True})

    assert WORD not in repr(settings_schema(Linked))
    assert settings_schema(Linked)[0].default == "http://me:<secret>@host"
    assert WORD not in repr(settings_schema({"url": f"http://{WORD}@host", WORD: 1, "login": Login("me")}))


def test_a_secret_that_is_named_like_a_field_renames_no_field() -> None:
    assert readable(Login("password!", password="password")) == {"user": "<secret>!", "password": "<secret>"}


def test_a_secret_at_the_cut_of_a_long_text_is_taken_out_whole() -> None:
    shown = readable([Login("me"), "x" * 4092 + WORD, Loud("x" * 4080 + WORD)])
    assert "hunt" not in repr(shown)


def test_a_short_secret_does_not_spoil_other_texts() -> None:
    assert readable(Login("aaaa", password="a")) == {"user": "aaaa", "password": "<secret>"}


def test_a_local_function_that_uses_a_secret_has_no_bytes() -> None:
    login = Login("me")

    def use() -> str:
        return login.password

    assert capture(Around(use)).reason == "holds secrets"
    assert capture(Around(lambda told=login: told)).reason == "holds secrets"


def test_a_local_class_whose_body_holds_a_secret_has_no_bytes() -> None:
    class Local:
        login = Login("me")

    @attrs.frozen
    class Defaulting:
        password: str = attrs.field(default=WORD, metadata={"secret": True})

    assert capture(Around(Local)).reason == "holds secrets"
    assert capture(Local()).reason == "holds secrets"
    assert capture(Around(Defaulting)).reason == "holds secrets"


def test_what_can_be_imported_is_not_searched_for_it_is_not_pickled() -> None:
    for harmless in (everything_said, logging, Login, Loud, print):
        captured = capture(Around(harmless))
        assert captured.reason is None
        assert pickle.loads(captured.pickled or b"") == Around(harmless)


def test_what_is_too_large_to_be_searched_is_withheld_and_says_so() -> None:
    chain: Any = None
    for _ in range(30_000):
        chain = [chain]
    settings = Around(Loud(chain))
    captured = capture(settings)
    assert (captured.pickled, captured.reason) == (None, "too large to be searched for secrets")
    assert captured.readable == {"item": "<secret>"}


def test_large_plain_data_is_searched_and_passes() -> None:
    assert capture(Around([0.5] * 100_000)).reason is None


class Refusing(pydantic.BaseModel):
    key: pydantic.SecretStr = pydantic.SecretStr(WORD)
    gain: float = 1.0

    @pydantic.model_validator(mode="after")
    def check(self) -> "Refusing":
        if self.gain > 5:
            raise ValueError(f"{self.key.get_secret_value()[:4]}... is what I hold")
        return self


@attrs.frozen
class RefusingAttrs:
    key: str = attrs.field(default=WORD, metadata={"secret": True})
    gain: float = 1.0

    def __attrs_post_init__(self) -> None:
        if self.gain > 5:
            raise InvalidSettings(self.key, f"{self.key[:4]} is what I hold")


@attrs.frozen
class RefusingAround:
    refusing: RefusingAttrs = RefusingAttrs()


@pytest.mark.parametrize(
    ("settings", "path"),
    [(Refusing(), "gain"), (RefusingAttrs(), "gain"), (RefusingAround(), "refusing.gain")],
)
def test_the_words_of_a_class_that_holds_secrets_are_withheld(settings: Any, path: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        patch(settings, path, 9)
    assert caught.value.path == path
    assert "withheld" in caught.value.reason
    assert "hunt" not in "".join(traceback.format_exception(caught.value))
    assert patch(settings, path, 2) != settings


def test_what_a_refusing_class_said_is_not_kept_behind_the_refusal() -> None:
    for work in (lambda: convert_settings(RefusingAttrs, {"gain": 9}), lambda: convert_settings(Refusing, {"gain": 9})):
        with pytest.raises(InvalidSettings) as caught:
            work()
        assert caught.value.__context__ is None
        assert "hunt" not in "".join(traceback.format_exception(caught.value))


def test_the_words_of_any_error_can_be_sent_on_without_a_secret() -> None:
    error = RuntimeError(f"cannot log in with {WORD}")
    assert WORD not in error_words(error, Login("me"))
    assert WORD not in error_words(error, Login)
    assert error_words(ValueError("too loud"), Around()) == "too loud"
    assert error_words(ValueError(), Around()) == "is refused with ValueError"


def test_the_words_of_a_class_without_secrets_are_heard() -> None:
    @attrs.frozen
    class Powers:
        size: int = attrs.field(default=1)

        @size.validator
        def check(self, attribute: Any, value: int) -> None:
            if value & (value - 1):
                raise ValueError("must be a power of two")

    with pytest.raises(InvalidSettings) as caught:
        patch(Powers(), "size", 3)
    assert (caught.value.path, caught.value.reason) == ("size", "must be a power of two")


def test_a_secret_with_few_choices_does_not_list_them() -> None:
    @attrs.frozen
    class Side:
        which: Annotated[str, Secret] = attrs.field(default="left", validator=attrs.validators.in_(["left", "right"]))

    assert settings_schema(Side)[0].choices == ()
    with pytest.raises(InvalidSettings) as caught:
        patch(Side(), "which", "up")
    assert "left" not in str(caught.value)


def test_a_hint_does_not_quote_a_secret_key() -> None:
    settings = {"login": Login("me"), f"host-{WORD}": 1}
    with pytest.raises(InvalidSettings) as caught:
        patch(settings, "host", 2)
    assert WORD not in str(caught.value)
    assert caught.value.reason == "dict has no such field; it has host-<secret>, login"


def test_the_inside_of_a_secret_is_not_entered() -> None:
    settings = Data(by_name={"alice": pydantic.SecretStr(WORD)})
    with pytest.raises(InvalidSettings) as caught:
        patch(settings, "by_name.bob", "x")
    assert str(caught.value) == "setting 'by_name': is secret: set it as a whole"


@given(st.text(min_size=4, max_size=30), st.data())
def test_no_secret_text_is_seen_anywhere(secret: str, data: st.DataObject) -> None:
    around = data.draw(
        st.recursive(
            st.sampled_from([secret, f"<{secret}>", f"a{secret}b{secret}", 5]),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just(secret), inner),
        )
    )
    settings = [around, Login("me", password=secret), around]
    marker = {"user", "password", "<secret>", "me"}
    said = texts(readable(settings)) - marker
    assert not [text for text in said if secret in text.replace("<secret>", "\0")]


def texts(plain: Any) -> set[str]:
    if isinstance(plain, dict):
        return {found for pair in plain.items() for part in pair for found in texts(part)}
    if isinstance(plain, list):
        return {found for part in plain for found in texts(part)}
    return {plain} if isinstance(plain, str) else set()


def test_plain_data_for_a_secret_field_becomes_the_secret() -> None:
    assert convert_settings(Model, {"key": "other", "pin": 5}).key == pydantic.SecretStr("other")
