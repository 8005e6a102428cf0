"""Errors that leave together."""

import pytest
import trio

from actors._floor._joined import causes, join, raise_as_itself


def _from(cause, error):
    error.__cause__ = cause
    return error


def test_one_error_is_itself_and_several_are_a_group():
    one, two = ValueError("one"), KeyError("two")
    assert join([], "m") is None
    assert join([one], "m") is one
    assert join([one, one], "m") is one
    group = join([one, two], "m")
    assert (group.message, group.exceptions) == ("m", (one, two))


def test_an_error_that_is_behind_another_is_not_told_twice():
    cause = ValueError("cause")
    middle = _from(cause, KeyError("middle"))
    outer = _from(middle, TypeError("outer"))
    assert join([cause, outer, middle], "m") is outer


def test_a_ring_of_causes_does_no_harm():
    one, two = ValueError("one"), KeyError("two")
    one.__cause__, two.__cause__ = two, one
    assert join([one], "m") is one
    assert join([one, two], "m").exceptions == (one, two)


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt(), SystemExit(3)])
def test_a_ctrl_c_goes_before_everything_and_has_the_others_in_its_context(interrupt):
    other = ValueError("other")
    assert join([other, interrupt, KeyboardInterrupt()], "m") is interrupt
    assert interrupt.__context__ is other


def test_what_follows_from_a_ctrl_c_is_not_told_beside_it():
    interrupt = KeyboardInterrupt()
    consequence = _from(interrupt, ValueError("told its caller"))
    assert join([consequence, interrupt], "m") is interrupt
    assert interrupt.__context__ is None


async def test_cancellations_are_stripped_off_and_a_group_without_any_stays_the_same_object():
    with trio.CancelScope() as scope:
        scope.cancel()
        try:
            await trio.lowlevel.checkpoint()
        except trio.Cancelled as error:
            cancelled = error
            error_of_mine = ValueError("mine")
            mixed = BaseExceptionGroup("mixed", [cancelled, error_of_mine])
            assert causes(cancelled) == []
            assert [group.exceptions for group in causes(mixed)] == [(error_of_mine,)]
            assert causes(BaseExceptionGroup("all", [cancelled])) == []
            raise
    pure = ExceptionGroup("pure", [error_of_mine])
    assert causes(pure) == [pure]


def test_raised_as_itself_an_error_keeps_its_context_also_if_its_class_is_frozen():
    class Frozen(Exception):
        def __setattr__(self, name, value):
            raise AttributeError(name)

    error = Frozen()
    with pytest.raises(Frozen) as caught:
        try:
            raise ValueError("handled meanwhile")
        except ValueError:
            raise_as_itself(error)
    assert caught.value is error
    assert error.__context__ is None
