"""What awkward circumstances do to the command line: one line, the right code, and nothing left behind."""

import os
import select
import subprocess
import sys

import pytest


def test_any_wrong_token_is_refused_in_one_line(trellis, background, tmp_path):
    url = background("serve").stdout.readline().split()[2]
    path = tmp_path / "token"
    for token in ("wrongtoken", "x" * 43, "two words", "\u00fc" * 43):
        path.write_text(token, encoding="utf-8")
        refused = trellis("graph", "--graph", url, "--token-file", str(path))
        assert refused.returncode == 1
        assert refused.stderr.startswith(f"trellis: {url} refused the connection: ")
        assert refused.stderr.count("\n") == 1


def test_an_address_without_its_token_says_where_to_get_it(trellis, background, tmp_path):
    url = background("serve").stdout.readline().split()[2]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    refused = trellis("graph", "--graph", url, XDG_RUNTIME_DIR=str(elsewhere))
    assert refused.returncode == 1
    assert "--token-file" in refused.stderr


@pytest.mark.parametrize("number", ["70000", "-1", "x", ""])
def test_what_is_no_port_is_misuse(trellis, number):
    for command in ("serve", "demo"):
        misused = trellis(command, "--port", number)
        assert misused.returncode == 2
        assert "is no port: 0 to 65535" in misused.stderr or "expected one argument" in misused.stderr


def test_what_is_no_number_is_said_in_plain_words(trellis):
    assert "'banana' is no number" in trellis("demo", "--seconds", "banana").stderr


@pytest.mark.parametrize("folder", ["/nonexistent/x", "/proc"])
def test_a_runtime_folder_that_cannot_be_names_the_variable_to_set(apart, folder):
    refused = apart("serve", XDG_RUNTIME_DIR=folder)
    assert refused.returncode == 1
    assert refused.stderr.endswith("; set XDG_RUNTIME_DIR to a folder of yours\n")
    assert not os.path.exists("/nonexistent")


def test_a_closed_standard_output_is_no_traceback(environment):
    command = f"{sys.executable} -m actors demo --seconds 1 >&-"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_snapshot_that_cannot_be_saved_is_one_line_that_names_the_file(trellis, background, tmp_path):
    background("serve").stdout.readline()
    for path, reason in ((tmp_path / "no" / "file", "No such file or directory"), (tmp_path, "Is a directory")):
        refused = trellis("snapshot", "--save", str(path))
        assert (refused.returncode, refused.stdout) == (2, "")
        assert refused.stderr == f"trellis: cannot write {path}: {reason}\n"


def test_rows_are_not_cut_when_they_go_to_a_program(trellis, background):
    background("serve").stdout.readline()
    row = trellis("sessions", COLUMNS="20").stdout.splitlines()[1]
    assert row.startswith("trellis sessions  process ")


def test_a_watcher_is_told_that_the_server_stopped(background):
    server = background("serve")
    server.stdout.readline()
    watch = background("watch")
    watch.stdout.readline()
    server.terminate()
    assert watch.wait(10) == 1
    assert watch.stderr.read() == "trellis: the session was lost: the server stopped\n"


def test_releasing_the_demos_view_ends_it_in_one_line(trellis, background):
    demo = background("demo")
    while "heart rate" not in demo.stdout.readline():
        pass
    assert trellis("release", "demo view").returncode == 0
    assert demo.wait(10) == 1
    assert demo.stderr.read() == "trellis: the session was released by trellis release\n"


@pytest.mark.parametrize("command", [("watch",), ("watch", "--json"), ("top", "--json", "--every", "3600")])
def test_what_goes_on_until_ctrl_c_ends_when_its_reader_goes_though_nothing_happens(background, trellis, command):
    background("serve").stdout.readline()
    following = background(*command)
    if command[0] == "watch":
        following.stdout.readline()
    following.stdout.close()
    assert following.wait(10) == 0
    assert following.stderr.read() == ""


def test_a_pipe_that_the_command_could_read_itself_has_a_reader_for_ever(environment, background, trellis, tmp_path):
    background("serve").stdout.readline()
    os.mkfifo(tmp_path / "pipe")
    both_ends = os.open(tmp_path / "pipe", os.O_RDWR)
    words = [sys.executable, "-m", "actors", "watch"]
    watch = subprocess.Popen(words, stdout=both_ends, stderr=subprocess.PIPE, env=environment)
    try:
        # Nobody takes what was written: there is something to be read, at this end, too.
        assert select.select([both_ends], [], [], 30)[0]
        trellis("snapshot")
        watch.terminate()
        assert watch.wait(10) == 143
    finally:
        watch.kill()
        watch.communicate()
        os.close(both_ends)


def test_the_help_tells_the_exit_codes(trellis):
    said = " ".join(trellis("--help").stdout.split())
    assert "0 done; 1 it failed, or there is something to find; 2 it was misused; 130 Ctrl-C; 143 SIGTERM" in said


def test_a_reader_who_has_gone_is_no_failure(environment, background):
    background("serve").stdout.readline()
    for command in ("sessions", "graph", "watch"):
        reader, writer = os.pipe()
        os.close(reader)
        words = [sys.executable, "-m", "actors", command]
        with open(writer, "w") as output:
            done = subprocess.run(words, stdout=output, stderr=subprocess.PIPE, env=environment, check=False)
        assert (command, done.returncode, done.stderr) == (command, 0, b"")


@pytest.mark.parametrize(
    ("command", "shown"), [("serve", b"keeps them)\r\n"), ("demo", b"Ctrl-C ends")], ids=["serve", "demo"]
)
def test_a_terminal_that_is_closed_ends_what_runs_in_it_without_a_failure(environment, command, shown):
    leader, follower = os.openpty()
    # Who begins a session and opens a terminal has it for its own.
    words = f'exec {sys.executable} -m actors {command} < "$0" > "$0" 2>&1'
    process = subprocess.Popen(["sh", "-c", words, os.ttyname(follower)], env=environment, start_new_session=True)
    try:
        seen = b""
        while shown not in seen:
            seen += os.read(leader, 65536)
        os.close(follower)
        os.close(leader)
        assert process.wait(10) == 129
    finally:
        process.kill()
        process.wait()
