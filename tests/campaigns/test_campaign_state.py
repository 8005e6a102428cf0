"""kill -9 of a process that stores persistent edges: no answered change is lost, and the file always opens.

Each round begins with what the last one left. Some are killed while they open the file, the others after a random
number of answers, with eight changes always under way.
"""

import random
import subprocess
import sys
import time
from pathlib import Path

from campaign_house import scale

from actors._graph._storage._state_file import StateFile

PROGRAM = Path(__file__).with_name("state_writer.py")
ROUNDS = scale(200, 8, 4)
OPENING = 0.2
"""The share of rounds that are killed while they open the file."""


def killed(path: Path, first: int, answers: int, seconds: float) -> list[str]:
    """Run a writer, kill it so many answers and seconds later, and return all that it said."""
    command = [sys.executable, str(PROGRAM), str(path), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=PROGRAM.parents[2]) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(answers + 1)]
        time.sleep(seconds)
        writer.kill()
        said += writer.stdout.readlines()
    assert writer.returncode == -9
    words = [line.decode().strip() for line in said if line.endswith(b"\n")]
    assert words[0] == "opening"
    return words[1:]


def test_a_kill_loses_no_answered_change_and_leaves_a_file_that_opens(tmp_path: Path) -> None:
    path = tmp_path / "graph.state"
    chance, expected, answered = random.Random(0), dict[int, bool](), 0
    for number in range(ROUNDS):
        first = number * 1_000_000 + 1
        answers = 0 if chance.random() < OPENING or number == 0 else chance.randrange(1, 400)
        words = killed(path, first, answers, chance.random() / 50)
        answered += len(words)
        expected |= {int(word[1:]): word[0] == "+" for word in words}
        file = StateFile(path)
        file.close()
        there = {int(edge.to_topic) for edge in file.edges}
        lost = {edge for edge, present in expected.items() if present and edge not in there and edge % 3}
        back = {edge for edge, present in expected.items() if not present and edge in there}
        assert (lost, back) == (set(), set())
        # What was asked for and not answered may be there or not; from now on it is what it is.
        expected |= dict.fromkeys(there, True) | dict.fromkeys(expected.keys() - there, False)
    assert ROUNDS < 4 or answered > ROUNDS
    print(f"kill -9 of a server with a state file: {ROUNDS} rounds, {answered} answered changes, none lost")
