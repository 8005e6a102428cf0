"""The command line as an operator uses it: real processes, and a graph that they find by themselves."""

import argparse
import fcntl
import json
import os
import pty
import re
import signal
import socket
import stat
import struct
import subprocess
import sys
import termios
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from actors._cli._main import _parser


def served(process):
    """The address that a starting server prints."""
    found = re.fullmatch(r"graph server: (ws://\S+)\n", process.stdout.readline())
    assert found is not None
    return found[1]


def token_file(process):
    found = re.fullmatch(r"token file: (.+)\n", process.stdout.readline())
    assert found is not None
    return Path(found[1])


def listens(url):
    parts = urlsplit(url)
    with socket.socket() as probe:
        return probe.connect_ex((parts.hostname, parts.port)) == 0


def test_every_command_finds_the_graph_by_itself(trellis, background):
    served(background("serve"))
    snapshot = json.loads(trellis("snapshot", "--json").stdout)
    assert snapshot["edges"] == []
    assert [session["name"] for session in snapshot["sessions"].values()] == ["trellis snapshot"]
    assert "revision" in trellis("snapshot").stdout
    assert trellis("graph").returncode == 0
    assert trellis("graph", "--format", "mermaid").stdout.startswith("flowchart")
    assert trellis("graph", "--format", "dot").stdout.startswith("digraph")
    assert "trellis sessions" in trellis("sessions").stdout
    assert [session["name"] for session in json.loads(trellis("sessions", "--json").stdout)] == ["trellis sessions"]


def test_in_a_process_of_its_own_a_command_says_and_returns_what_it_does_in_ours(trellis, apart, background):
    served(background("serve"))
    for line in ("", "--help", "graph", "settings --json", "set NOBODY a 1", "graph --graph x"):
        assert apart(*line.split()) == trellis(*line.split())


def test_what_looks_changes_or_ends_the_graph_says_it_in_json_too(trellis, background):
    served(background("serve"))
    watch = background("watch", "--json")
    assert json.loads(watch.stdout.readline())["reason"] == "start"
    assert json.loads(trellis("graph", "--json").stdout) == {}
    assert json.loads(trellis("settings", "--json").stdout) == []
    assert json.loads(trellis("doctor", "--json").stdout) == []
    assert json.loads(watch.stdout.readline())["started"][0]["name"] == "trellis graph"
    for command in (("set", "NOBODY", "a", "1"), ("undo", "NOBODY")):
        refused = trellis(*command, "--json")
        assert (refused.returncode, refused.stdout) == (1, "")
        assert refused.stderr == "trellis: no component 'NOBODY'\n"
    assert json.loads(trellis("shutdown", "--json").stdout) == {"ended": 1}


def test_a_watch_may_begin_after_a_revision(trellis, background):
    served(background("serve"))
    trellis("snapshot")
    watch = background("watch", "--after", "1", "--json")
    # The snapshot's session began with revision 1 and ended with 2.
    assert [entry["name"] for entry in json.loads(watch.stdout.readline())["ended"]] == ["trellis snapshot"]


def test_watch_follows_what_others_do(trellis, background):
    served(background("serve"))
    watch = background("watch")
    assert re.match(r"r\d+ snapshot \(start\)", watch.stdout.readline())
    trellis("snapshot")
    line = ""
    while "session started: trellis snapshot" not in line:
        line = watch.stdout.readline()
        assert line
    while "session ended: trellis snapshot (closed)" not in line:
        line = watch.stdout.readline()
        assert line
    watch.send_signal(signal.SIGINT)
    assert watch.wait(10) == 130


def test_the_address_file_is_for_its_owner_only(background):
    server = background("serve")
    served(server)
    path = token_file(server)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_a_server_cleanly(background, trellis, number, code):
    server = background("serve")
    url, path = served(server), token_file(server)
    server.send_signal(number)
    assert server.wait(10) == code
    assert server.stderr.read().strip() == ""
    assert not path.exists()
    assert not listens(url)
    assert trellis("graph").returncode == 1


def test_what_a_kill_leaves_behind_disturbs_nobody(background, trellis):
    killed = background("serve")
    url, path = served(killed), token_file(killed)
    killed.kill()
    killed.wait()
    assert path.exists()
    assert not listens(url)
    for arguments in (("graph",), ("graph", "--graph", url)):
        lost = trellis(*arguments)
        assert lost.returncode == 1
        assert lost.stderr.startswith("trellis: no graph was found")
    served(background("serve"))
    assert not path.exists()
    assert trellis("graph").returncode == 0


def test_a_stale_address_file_never_sends_its_token_to_whoever_took_the_port(background, trellis):
    killed = background("serve")
    url = served(killed)
    killed.kill()
    killed.wait()
    with socket.create_server(("127.0.0.1", urlsplit(url).port)) as stranger:
        stranger.settimeout(0.2)
        assert trellis("graph").returncode == 1
        with pytest.raises(TimeoutError):
            stranger.accept()


def test_no_server_says_what_to_do(trellis):
    lost = trellis("graph")
    assert lost.returncode == 1
    assert lost.stderr == (
        "trellis: no graph was found on this host: "
        "start one with `trellis demo` or `trellis serve`, or name one with --graph URL\n"
    )


def test_a_wrong_address_says_where_it_looked(trellis):
    lost = trellis("graph", "--graph", "ws://127.0.0.1:1")
    assert lost.returncode == 1
    assert lost.stderr.startswith("trellis: no graph was found at ws://127.0.0.1:1: ")
    assert lost.stderr.count("\n") == 1


@pytest.mark.parametrize("url", ["unix:/run/it.sock", "unix://run/it.sock", "unix:run/it.sock"])
def test_the_address_of_a_socket_with_too_few_slashes_is_said_as_it_should_be(trellis, url):
    refused = trellis("graph", "--graph", url)
    assert refused.returncode == 1
    assert refused.stderr == (
        f"trellis: no graph was found at {url}: a Unix socket's address has three slashes: unix:///run/it.sock\n"
    )


@pytest.mark.parametrize("url", ["nonsense", "http://127.0.0.1:1", "ws://", "127.0.0.1:80", "ws://127.0.0.1:port"])
def test_what_is_no_address_is_misuse(trellis, url):
    misused = trellis("graph", "--graph", url)
    assert misused.returncode == 2
    assert "ws://127.0.0.1:8765" in misused.stderr
    assert misused.stderr.count("\n") == 1


def test_a_wrong_token_is_refused_in_one_line(trellis, background, tmp_path):
    url = served(background("serve"))
    wrong = tmp_path / "token"
    wrong.write_text("x" * 43)
    refused = trellis("graph", "--graph", url, "--token-file", str(wrong))
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"trellis: {url} refused the connection: ")
    assert refused.stderr.count("\n") == 1


def test_a_token_file_that_is_none_is_misuse(trellis, background, tmp_path):
    url = served(background("serve"))
    empty = tmp_path / "empty"
    empty.write_text("\n")
    for path, reason in ((tmp_path / "missing", "No such file"), (empty, "it is empty")):
        misused = trellis("graph", "--graph", url, "--token-file", str(path))
        assert misused.returncode == 2
        assert reason in misused.stderr


def test_the_servers_own_file_serves_as_a_token_file(trellis, background):
    server = background("serve")
    url, path = served(server), token_file(server)
    assert trellis("graph", "--graph", url, "--token-file", str(path)).returncode == 0


RUNS = """
from actors import Collection, OutputStream, Unit, publisher, run
import trio

class Idle(Unit):
    OUTPUT = OutputStream(int)
    @publisher(OUTPUT)
    async def send(self):
        await trio.sleep_forever()
        yield

run(LEFT=Idle(), RIGHT=Idle(), name="bench")
"""


def test_several_graphs_are_listed_instead_of_guessed_and_each_says_what_it_is(
    trellis, background, environment, tmp_path
):
    kept = str(tmp_path / "edges")
    servers = [background("serve"), background("serve", "--state", kept)]
    titles = ["trellis serve", f"trellis serve --state {kept}", "bench of LEFT, RIGHT"]
    with subprocess.Popen([sys.executable, "-c", RUNS], stderr=subprocess.PIPE, text=True, env=environment) as runner:
        urls = [*map(served, servers), runner.stderr.readline().split()[2]]
        misused = trellis("graph")
        named = trellis("sessions", "--json", TRELLIS_GRAPH=urls[2])
        runner.terminate()
    listed = [
        f"{url} ({title}, process {process.pid})"
        for url, title, process in zip(urls, titles, [*servers, runner], strict=True)
    ]
    head, _, rest = misused.stderr.partition("URL: ")
    assert (misused.returncode, head) == (2, "trellis: 3 graphs are running here; choose one with --graph ")
    assert all(each in rest for each in listed)
    assert [session["name"] for session in json.loads(named.stdout)] == ["bench", "trellis sessions"]


@pytest.mark.parametrize("arguments", [(), ("nonsense",), ("graph", "--nonsense"), ("graph", "--format", "png")])
def test_unknown_words_are_misuse(trellis, arguments):
    misused = trellis(*arguments)
    assert misused.returncode == 2
    assert misused.stderr.startswith("usage: trellis")


def test_without_a_word_it_says_what_there_is(trellis):
    misused = trellis()
    assert (misused.returncode, misused.stdout) == (2, "")
    assert "draw the graph" in misused.stderr


def test_a_setting_of_nobody_is_refused(trellis, background):
    served(background("serve"))
    refused = trellis("set", "SYS/NOBODY", "gain", "2")
    assert refused.returncode == 1
    assert refused.stderr.startswith("trellis: no component 'SYS/NOBODY'")


def test_a_taken_port_is_one_line(apart, background):
    url = served(background("serve"))
    taken = apart("serve", "--port", str(urlsplit(url).port))
    assert taken.returncode == 1
    assert taken.stderr.startswith("trellis: ")
    assert taken.stderr.count("\n") == 1


def test_output_that_nobody_reads_any_more_is_no_error(background, environment):
    served(background("serve"))
    command = f"{sys.executable} -m actors snapshot | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_sessions_fit_into_eighty_columns_with_their_ids_whole(environment, background):
    background("serve").stdout.readline()
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    kept = {name: value for name, value in environment.items() if name not in ("COLUMNS", "LINES")}
    command = [sys.executable, "-m", "actors", "sessions"]
    done = subprocess.run(command, stdout=follower, stderr=follower, env={**kept, "TERM": "xterm"}, check=False)
    os.close(follower)
    head, row, *_ = re.sub(r"\x1b\[[\d;]*m", "", os.read(leader, 65536).decode()).splitlines()
    os.close(leader)
    assert done.returncode == 0
    assert head.split() == ["name", "peer", "since", "heard", "edges", "components", "endpoints", "state", "id"]
    assert re.search(r" alive [0-9a-f]{8}$", row)
    assert max(len(head), len(row)) <= 80


def test_the_help_says_of_each_command_in_one_line_what_it_does(trellis):
    listed = trellis("--help").stdout.partition("COMMAND\n")[2].partition("\n\n")[0].splitlines()
    rows = [re.fullmatch(r"    ([a-z]+ +)(\S.+)", line) for line in listed]
    assert {"serve", "disconnect", "shutdown"} <= {row[1].strip() for row in rows}
    assert len({len(row[1]) for row in rows}) == 1


def test_every_word_of_every_command_is_explained():
    (commands,) = (action for action in _parser()._actions if isinstance(action, argparse._SubParsersAction))
    words = [(name, action) for name, parser in commands.choices.items() for action in parser._actions]
    assert len(words) > 80
    assert [f"{name} {action.dest}" for name, action in words if not action.help] == []
