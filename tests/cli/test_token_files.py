"""A server asks for the tokens that its operator keeps in files, and takes none that others could know."""

import json
import os

import pytest

from transport import new_token


def written(path, text, mode=0o600):
    path.write_text(text)
    path.chmod(mode)
    return str(path)


@pytest.fixture
def tokens(tmp_path):
    """A file with a token for control, and one with a token for looking."""
    return written(tmp_path / "control", new_token() + "\n"), written(tmp_path / "look", new_token())


def test_who_brings_the_tokens_of_the_files_is_let_in_with_their_rights_after_each_start(trellis, background, tokens):
    control, look = tokens
    for _ in range(2):
        server = background("serve", "--token-file", control, "--read-token-file", look, "--json")
        url = json.loads(server.stdout.readline())["url"]
        for file, role in ((control, "control"), (look, "read")):
            told = trellis("sessions", "--json", "--graph", url, "--token-file", file)
            assert [session["role"] for session in json.loads(told.stdout)] == [role]
        server.terminate()
        assert server.wait(10) == 143


def test_commands_on_its_host_find_a_server_with_a_token_of_its_own(trellis, background, tokens):
    background("serve", "--token-file", tokens[0]).stdout.readline()
    assert trellis("graph").returncode == 0


@pytest.mark.parametrize(
    ("text", "mode", "reason"),
    [
        ("", 0o600, "it is empty"),
        (" \n", 0o600, "it is empty"),
        ("secret", 0o600, "a token is 32 to 512 of "),
        ("two words " * 5, 0o600, "a token is 32 to 512 of "),
        (new_token(), 0o644, "everybody on this host may open the file; say chmod 600 "),
        (new_token(), 0o602, "everybody on this host may open the file; say chmod 600 "),
    ],
)
@pytest.mark.parametrize("option", ["--token-file", "--read-token-file"])
def test_a_file_that_holds_no_secret_is_misuse(trellis, tmp_path, option, text, mode, reason):
    path = written(tmp_path / "token", text, mode)
    misused = trellis("serve", option, path)
    assert (misused.returncode, misused.stdout, misused.stderr.count("\n")) == (2, "", 1)
    assert misused.stderr.startswith(f"trellis: no token in {path}: {reason}")
    assert not text.strip() or text.strip() not in misused.stderr


@pytest.mark.parametrize(
    ("name", "reason"), [("missing", "No such file or directory"), (".", "Is a directory")], ids=["missing", "folder"]
)
def test_a_file_that_cannot_be_read_is_misuse(trellis, tmp_path, name, reason):
    misused = trellis("serve", "--token-file", str(tmp_path / name))
    assert (misused.returncode, misused.stderr) == (2, f"trellis: no token in {tmp_path / name}: {reason}\n")


def test_one_token_for_both_is_misuse(trellis, tokens):
    misused = trellis("serve", "--token-file", tokens[0], "--read-token-file", tokens[0])
    assert (misused.returncode, "hold the same token" in misused.stderr) == (2, True)


def test_a_group_may_share_a_token(background, tokens):
    os.chmod(tokens[0], 0o640)
    server = background("serve", "--token-file", tokens[0])
    assert server.stdout.readline().startswith("graph server: ")
