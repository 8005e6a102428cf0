"""Names that are near an unknown one: found as people mistype, and no work without a bound."""

import pytest

from actors._graph._supervisor._nearest import nearest

NAMES = [f"SYS/GROUP{number % 50}/UNIT_{number}" for number in range(2_000)]


@pytest.mark.parametrize(
    "slip",
    ["SYS/GROUP7/UNIT_107x", "SYS/GROUP7/UNT_107", "SYS/GRUOP7/UNIT_107", "SIS/GROUP7/UNIT_107", "sys/GROUP7/UNIT_107"],
)
def test_a_slip_of_the_finger_is_guessed(slip: str) -> None:
    assert nearest(slip, NAMES)[0] == "SYS/GROUP7/UNIT_107"


def test_who_shouts_means_the_same_name() -> None:
    assert nearest("DEMO", ["viewer", "demo", "demo view"])[0] == "demo"
    assert nearest("Front-End", ["back-end", "FRONT-END"])[0] == "FRONT-END"


def test_what_is_like_nothing_has_no_guess() -> None:
    assert nearest("?", NAMES) == ()
    assert nearest("front-end", []) == ()


def test_the_best_guess_comes_first_and_there_are_two_at_most() -> None:
    assert nearest("ownr", ["own", "owner", "downer", "viewer"]) == ("owner", "own")


def test_neither_a_long_name_nor_many_names_are_looked_at_for_long() -> None:
    looked = []

    def endless():
        while True:
            looked.append(1)
            yield f"name {len(looked)}"

    assert nearest("x" * 1_000_000, endless()) == ()
    assert looked == []
    assert nearest("name 7", endless())[0] == "name 7"
    assert len(looked) < 10_000
    assert nearest("name", ["name" * 100_000, "nam"]) == ("nam",)
