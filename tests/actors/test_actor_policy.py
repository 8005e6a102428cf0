"""The decision tables of supervision, without a clock and without actors."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors._floor._policy import (
    Backoff,
    Ended,
    Intensity,
    Supervision,
    Told,
    Verdict,
    affected,
    verdict,
)

FAILURES = (Ended.CRASHED, Ended.OVERRAN)
TYPES = ("permanent", "transient", "temporary", "never")


@pytest.mark.parametrize(
    ("restart", "after_a_return", "after_a_failure"),
    [
        ("permanent", Verdict.RESTART, Verdict.RESTART),
        ("transient", Verdict.GONE, Verdict.RESTART),
        ("temporary", Verdict.GONE, Verdict.GONE),
        ("never", Verdict.GONE, Verdict.ESCALATE),
    ],
)
def test_an_actor_that_ends_by_itself_is_restarted_by_its_type(restart, after_a_return, after_a_failure):
    for ended in (Ended.RETURNED, Ended.CANCELLED):
        assert verdict(restart, ended, Told.NOTHING) is after_a_return
    for ended in FAILURES:
        assert verdict(restart, ended, Told.NOTHING) is after_a_failure


@pytest.mark.parametrize("restart", TYPES)
@pytest.mark.parametrize("told", [Told.STOP, Told.CANCEL])
def test_who_was_told_to_end_for_good_never_comes_back(restart, told):
    for ended in Ended:
        assert verdict(restart, ended, told) is not Verdict.RESTART


@pytest.mark.parametrize("told", [Told.STOP, Told.CANCEL])
def test_a_crash_on_the_way_out_escalates_unless_the_actor_is_temporary(told):
    found = {restart: verdict(restart, Ended.CRASHED, told) for restart in TYPES}
    assert found == {
        "permanent": Verdict.ESCALATE,
        "transient": Verdict.ESCALATE,
        "never": Verdict.ESCALATE,
        "temporary": Verdict.GONE,
    }


def test_a_sibling_that_falls_with_another_comes_back_with_it_if_its_type_allows_any_restart():
    found = {restart: verdict(restart, Ended.OBEYED, Told.RESTART) for restart in TYPES}
    assert found == {
        "permanent": Verdict.RESTART,
        "transient": Verdict.RESTART,
        "temporary": Verdict.GONE,
        "never": Verdict.GONE,
    }


def test_there_is_a_verdict_for_every_ending():
    for restart, ended, told in itertools.product(TYPES, Ended, Told):
        assert verdict(restart, ended, told) in Verdict


def test_the_strategy_says_who_falls_with_the_crashed_one():
    members = ["a", "b", "c", "d"]
    assert affected("one_for_one", members, "b") == ["b"]
    assert affected("rest_for_one", members, "b") == ["b", "c", "d"]
    assert affected("one_for_all", members, "b") == members


def test_intensity_counts_the_restarts_of_a_sliding_window():
    intensity = Intensity(2, within=5.0)
    assert [intensity.admits(now) for now in (0.0, 1.0, 4.9, 5.0, 5.5, 6.0)] == [
        True,
        True,
        False,
        True,
        False,
        True,
    ]
    assert intensity.total == 4


def test_intensity_nought_admits_nothing():
    assert not Intensity(0, within=5.0).admits(100.0)


@given(
    st.lists(st.floats(0, 3), max_size=60),
    st.integers(0, 5),
    st.floats(0.1, 10),
)
def test_no_window_ever_holds_more_restarts_than_the_intensity_allows(gaps, limit, within):
    intensity = Intensity(limit, within)
    moments = list(itertools.accumulate(gaps))
    admitted = [now for now in moments if intensity.admits(now)]
    for start in admitted:
        assert sum(1 for now in admitted if start <= now < start + within) <= limit
    assert intensity.total == len(admitted)


def test_backoff_doubles_up_to_its_cap():
    backoff = Backoff(first=0.1, factor=2, cap=0.5, jitter=0)
    assert [backoff.delay(attempt) for attempt in (1, 2, 3, 4, 5000)] == [0.1, 0.2, 0.4, 0.5, 0.5]


def test_the_jitter_of_a_backoff_can_be_fixed():
    backoff = Backoff(first=1.0, factor=1, jitter=0.5, chance=lambda: 0.5)
    assert backoff.delay(1) == 0.75


@given(st.integers(1, 10_000), st.floats(0, 60), st.floats(1, 10), st.floats(0, 100), st.floats(0, 1))
def test_a_backoff_is_never_negative_and_never_above_its_cap(attempt, first, factor, cap, jitter):
    delay = Backoff(first=first, factor=factor, cap=cap, jitter=jitter).delay(attempt)
    assert 0 <= delay <= cap


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Supervision(strategy="all_for_none"),
        lambda: Supervision(max_restarts=-1),
        lambda: Supervision(within=0),
        lambda: Backoff(first=-1),
        lambda: Backoff(factor=0.5),
        lambda: Backoff(jitter=2),
    ],
)
def test_a_supervision_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match="must be"):
        wrong()
