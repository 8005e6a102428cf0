"""Which way a command takes to a graph on its own host, and what it may do there."""

import json
import os
import signal
import socket
import stat
import threading
from pathlib import Path
from urllib.parse import urlsplit

import attrs
import pytest


@attrs.frozen
class Served:
    """A server that listens, and what it says about itself."""

    process: object
    url: str
    ticket: Path
    reading: Path

    @property
    def socket(self) -> Path:
        return Path(urlsplit(json.loads(self.ticket.read_text())["socket"]).path)


@pytest.fixture
def server(background):
    process = background("serve")
    url, ticket, reading = (process.stdout.readline().strip().split(": ", 1)[1] for _ in range(3))
    return Served(process, url, Path(ticket), Path(reading))


def kill(server):
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()


def own_session(told):
    """The command's own session, as the server sees it."""
    assert told.returncode == 0, told.stderr
    (session,) = json.loads(told.stdout)
    return session


def test_a_command_that_finds_the_graph_by_itself_comes_through_the_unix_socket(trellis, server):
    session = own_session(trellis("sessions", "--json"))
    assert session["peer"].startswith("process ")
    assert session["role"] == "control"


@pytest.mark.parametrize("named", ["option", "variable"])
def test_a_command_with_an_address_goes_where_it_says(trellis, server, named):
    for url, peer in ((server.url, "127.0.0.1:"), (f"unix://{server.socket}", "process ")):
        told = (
            trellis("sessions", "--json", "--graph", url)
            if named == "option"
            else trellis("sessions", "--json", TRELLIS_GRAPH=url)
        )
        assert own_session(told)["peer"].startswith(peer)


@pytest.mark.parametrize("stale", ["gone", "dead", "no socket"])
def test_without_a_living_socket_a_command_comes_through_the_websocket(trellis, server, stale):
    server.socket.unlink()
    if stale == "dead":
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(server.socket))
    elif stale == "no socket":
        server.socket.write_text("")
    assert own_session(trellis("sessions", "--json"))["peer"].startswith("127.0.0.1:")


def test_who_has_the_file_for_looking_looks_and_changes_nothing(trellis, server):
    looking = ("--token-file", str(server.reading))
    assert own_session(trellis("sessions", "--json", *looking))["role"] == "read"
    assert json.loads(trellis("snapshot", "--json", *looking).stdout)["edges"] == []
    assert "reads only" in trellis("sessions", *looking).stdout
    assert trellis("top", "--once", "--every", "0.1", *looking).returncode == 0
    for change in (("shutdown",), ("release", "trellis release")):
        refused = trellis(*change, *looking)
        assert (refused.returncode, refused.stderr) == (
            1,
            f"trellis: this connection may only read, and {change[0]} changes something: bring the token for control\n",
        )
    assert "would go" in trellis("release", "trellis release", "--dry-run", *looking).stdout
    assert own_session(trellis("sessions", "--json"))["role"] == "control"


def test_both_files_are_for_their_owner_only_tell_different_tokens_and_go_with_the_server(server):
    files = [server.ticket, server.reading]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    control, reading = (json.loads(path.read_text()) for path in files)
    assert control["token"] != reading["token"]
    assert reading["socket"] == ""
    server.process.send_signal(signal.SIGTERM)
    server.process.wait()
    assert [path.exists() for path in (*files, Path(urlsplit(control["socket"]).path))] == [False] * 3


def test_the_next_start_sweeps_all_that_a_kill_left(background, server):
    left = (server.ticket, server.reading, server.socket)
    kill(server)
    assert all(path.exists() for path in left)
    background("serve").stdout.readline()
    assert not any(path.exists() for path in left)


@pytest.mark.parametrize("file", ["ticket", "reading"])
def test_a_dead_servers_file_is_not_sent_to_whoever_took_the_port(trellis, server, file):
    kill(server)
    with socket.create_server(("127.0.0.1", urlsplit(server.url).port)) as stranger:
        stranger.settimeout(0.2)
        lost = trellis("graph", "--graph", server.url, "--token-file", str(getattr(server, file)))
        assert lost.returncode == 1
        assert lost.stderr.startswith(f"trellis: no graph was found at {server.url}: ")
        with pytest.raises(TimeoutError):
            stranger.accept()


def test_a_process_that_took_over_the_number_is_not_taken_for_the_server(trellis, server):
    ticket = json.loads(server.ticket.read_text())
    kill(server)
    server.ticket.write_text(json.dumps({**ticket, "pid": os.getpid()}))
    lost = trellis("graph")
    assert (lost.returncode, lost.stderr.partition(":")[0]) == (1, "trellis")
    assert "no graph was found on this host" in lost.stderr


def test_a_file_that_was_carried_here_from_another_host_is_used(trellis, server, tmp_path):
    carried = tmp_path / "carried"
    carried.write_text(json.dumps({**json.loads(server.reading.read_text()), "pid": 2**22 + 1}))
    told = trellis("sessions", "--json", "--graph", server.url, "--token-file", str(carried))
    assert own_session(told)["role"] == "read"


@pytest.mark.parametrize("way", ["address", "socket"])
def test_who_names_the_graph_and_brings_its_token_needs_no_folder_for_addresses(trellis, server, tmp_path, way):
    url = server.url if way == "address" else f"unix://{server.socket}"
    elsewhere = {"XDG_RUNTIME_DIR": str(tmp_path / "nowhere")}
    told = trellis("sessions", "--json", "--graph", url, "--token-file", str(server.reading), **elsewhere)
    assert own_session(told)["role"] == ("read" if way == "address" else "control")


def test_without_a_folder_for_addresses_the_token_is_missed_not_the_folder(trellis, server, tmp_path):
    refused = trellis("sessions", "--graph", server.url, XDG_RUNTIME_DIR=str(tmp_path / "nowhere"))
    assert refused.returncode == 1
    assert refused.stderr.endswith("none for this address was found here, name its file with --token-file\n")


def test_a_token_may_come_through_a_pipe_which_gives_it_once(apart, server, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(server.reading.read_text(),), daemon=True)
    writer.start()
    told = apart("sessions", "--json", "--graph", server.url, "--token-file", str(pipe))
    assert own_session(told)["role"] == "read"
