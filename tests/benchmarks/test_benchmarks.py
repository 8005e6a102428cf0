"""The benchmarks run, in short; nothing is timed here. Whole runs are made by hand, on a quiet machine."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import _report
from benchmarks._harness import Case, Contender, Sample, Sweep, measure, sweep
from benchmarks._interrupts import heeded
from benchmarks._records import Fact, Target, from_json
from benchmarks._zenoh_files import removed_afterwards

ROOT = Path(__file__).parents[2]


@pytest.fixture
def benchmarks(tmp_path):
    """Run the command as a user does, with its pages in a folder of the test's."""
    for peer in ("ezmsg", "matplotlib", "networkx", "pykka", "rustworkx", "zenoh"):
        pytest.importorskip(peer, reason=f"{peer} comes with the extra bench")

    def run(*arguments, run=subprocess.run, **options):
        command = [sys.executable, "-m", "benchmarks", "--into", tmp_path, *arguments]
        return run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)

    return run


def test_a_quick_run_keeps_json_from_which_page_picture_and_the_table_over_all_are_made(benchmarks, tmp_path):
    from benchmarks import _pages  # needs matplotlib

    readme = tmp_path / "README.md"
    readme.write_text(f"# Before\n\n{_pages.BEGIN}\nold\n{_pages.END}\n\n## After\n")
    done = benchmarks("--quick", "units")
    assert (done.returncode, done.stderr) == (0, "")
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(made) == {"README.md", "units.json", "units.md", "units.svg"}
    before, written, after = re.split(rf"{_pages.BEGIN}\n|{_pages.END}\n", readme.read_text())
    assert (before, after) == ("# Before\n\n", "\n## After\n")
    assert "[messages from unit to unit in process, beside ezmsg](units.md)" in written
    _pages.write(tmp_path, from_json(made["units.json"]), ["units"])
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == made


def test_a_name_that_no_benchmark_has_is_refused_with_those_there_are(benchmarks, tmp_path):
    done = benchmarks("units", "unknown")
    assert done.returncode == 2
    assert "no such benchmark: unknown; there are: actors, dag, " in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_keeps_what_had_ended_and_says_how_to_go_on(benchmarks, tmp_path):
    with benchmarks("--quick", "actors", "data", "units", run=subprocess.Popen) as process:
        while "ten subscribers" not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGINT)
        _, told = process.communicate()
    assert (process.returncode, told) == (130, "interrupted; go on with: python -m benchmarks data units\n")
    assert (tmp_path / "actors.json").exists()
    assert not (tmp_path / "data.json").exists()


def test_what_zenoh_leaves_in_shared_memory_is_removed_and_nothing_else(tmp_path):
    for name in ("before.zenoh", "other"):
        (tmp_path / name).touch()
    with removed_afterwards(tmp_path):
        for name in ("during.zenoh", "during"):
            (tmp_path / name).touch()
    assert {path.name for path in tmp_path.iterdir()} == {"before.zenoh", "other", "during"}


# -- the harness ---------------------------------------------------------------------------------------------


def contender(name, seconds, proof=None, rounds=None):
    taken = iter(seconds)
    return Contender(name, lambda: Sample(next(taken), proof), rounds)


def unwatched(name, number, of):
    pass


def test_contenders_take_turns_and_are_compared_within_a_turn():
    turns = []
    case = Case("case", [contender("ours", [1, 9, 4]), contender("theirs", [2, 18, 40])], rounds=3)
    (result,) = measure(case, lambda *turn: turns.append(turn))
    assert turns == [(who, number, 3) for number in (1, 2, 3) for who in ("ours", "theirs")]
    assert [(t.name, t.median, t.ratio) for t in result.timings] == [("ours", 4, 1), ("theirs", 18, 0.5)]


def test_a_target_is_met_or_missed_by_the_contender_and_the_figure_that_it_names():
    contenders = [
        contender("slow", [{"up": 4, "down": 1}]),
        contender("fast", [{"up": 1, "down": 1}]),
        contender("peer", [{"up": 2, "down": 4}]),
    ]
    targets = [
        Target(1, than="peer", figure="up"),
        Target(1, than="peer", figure="up", of="fast"),
        Target(0.5, figure="down"),
        Target(None, than="peer", figure="down"),
    ]
    up, down = measure(Case("case", contenders, targets, rounds=1), unwatched)
    assert (up.name, [(v.reached, v.met) for v in up.verdicts]) == ("case, up", [(2, False), (0.5, True)])
    assert (down.name, [(v.reached, v.met) for v in down.verdicts]) == ("case, down", [(1, False), (0.25, True)])


def test_contenders_that_did_not_do_the_same_work_are_not_compared():
    case = Case("case", [contender("ours", [1], "all"), contender("theirs", [2], "half")], rounds=1)
    with pytest.raises(ValueError, match="case: theirs did not do the same work as the others"):
        measure(case, unwatched)


def test_a_curve_is_judged_by_how_much_more_our_last_point_costs_than_our_first():
    places = [(1, Case("", [contender("ours", [2]), contender("theirs", [2])], rounds=1))]
    places += [(x, Case("", [contender("ours", [cost])], rounds=1)) for x, cost in ((10, 9), (100, 3))]
    grown = sweep(Sweep("name", "edges", iter(places), at_most=1.4), unwatched)
    assert [(line.name, [(p.x, p.median) for p in line.points]) for line in grown.lines] == [
        ("ours", [(1, 2), (10, 9), (100, 3)]),
        ("theirs", [(1, 2)]),
    ]
    assert (grown.lines[0].growth, grown.met) == (1.5, False)


@pytest.mark.parametrize(
    ("aim", "words"),
    [
        (Target(1 / 50, than="peer"), "50 times faster"),
        (Target(1, than="peer"), "at least as fast"),
        (Target(1.5, than="peer"), "at most 1.5 times as long"),
        (Target(0.010), "at most 10 ms"),
        (Target(None, than="peer"), "none, for comparison"),
    ],
)
def test_a_target_reads_as_one_would_say_it(aim, words):
    assert _report.target(aim) == words


def test_a_ctrl_c_that_is_swallowed_within_the_block_comes_out_of_it():
    swallowed = []
    with pytest.raises(KeyboardInterrupt), heeded():
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            swallowed.append("here")
    assert swallowed == ["here"]


def test_a_fact_is_judged_by_the_limits_that_it_has():
    assert [Fact("f", 5, "pieces", *limits).met for limits in [(), (5,), (6,), (None, 5), (None, 4)]] == [
        True,
        True,
        False,
        True,
        False,
    ]
