"""A command that cannot start says why in one line, with the exit code of a failure, and leaves nothing behind."""

import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

COMMANDS = {"serve": ("serve",), "demo": ("demo", "--seconds", "1")}


def one_line(told):
    """The only line of an error."""
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.startswith("trellis: ")
    assert told.stderr.count("\n") == 1
    return told.stderr.removeprefix("trellis: ").rstrip()


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_port_that_is_taken_is_named(apart, command):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = one_line(apart(*command, "--port", str(port)))
    assert (
        said
        == f"cannot listen on 127.0.0.1 port {port}: Address already in use; name another port, or 0 for a free one"
    )


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_folder_for_addresses_that_cannot_be_made_is_named(apart, command, tmp_path):
    (tmp_path / "file").write_text("")
    said = one_line(apart(*command, XDG_RUNTIME_DIR=str(tmp_path / "file")))
    assert said == (
        f"cannot keep addresses in {tmp_path}/file/trellis: Not a directory; set XDG_RUNTIME_DIR to a folder of yours"
    )


def test_a_path_that_is_too_long_for_a_socket_is_served_without_one(background, environment, tmp_path):
    deep = tmp_path / ("x" * 120)
    deep.mkdir()
    environment["XDG_RUNTIME_DIR"] = str(deep)
    server = background("serve")
    assert server.stdout.readline().startswith("graph server: ws://")
    (folder,) = deep.iterdir()
    assert not any(stat.S_ISSOCK(path.stat().st_mode) for path in folder.iterdir())


@pytest.mark.parametrize("name", ["absent/graph.state", ""], ids=["in no folder", "a folder"])
def test_a_state_file_that_cannot_be_made_is_named(apart, tmp_path, name):
    path = tmp_path / name
    assert one_line(apart("serve", "--state", str(path))).startswith(f"{path} cannot be written: ")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_no_room_for_what_is_said_is_told_without_a_number(environment):
    said = one_line(in_shell(environment, '"$@" >/dev/full', "serve"))
    assert said == "No space left on device"


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_no_room_for_the_address_is_told_with_its_folder_and_nothing_is_left_there(environment, command, tmp_path):
    said = one_line(in_shell(environment, 'ulimit -f 0; "$@"', *command))
    assert (
        said == f"cannot keep addresses in {tmp_path}/trellis: File too large; set XDG_RUNTIME_DIR to a folder of yours"
    )
    assert [*(tmp_path / "trellis").iterdir()] == []


def test_a_state_file_without_room_is_named_and_can_be_used_when_there_is(environment, background, tmp_path):
    path = tmp_path / "graph.state"
    said = one_line(in_shell(environment, 'ulimit -f 0; "$@"', "serve", "--state", str(path)))
    assert said.startswith(f"{path} cannot be written: ")
    server = background("serve", "--state", str(path))
    assert server.stdout.readline().startswith("graph server: ws://")


def in_shell(environment, script, *arguments):
    """Run a command as a shell sets it up."""
    command = ["sh", "-c", script, "sh", sys.executable, "-B", "-m", "actors", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
