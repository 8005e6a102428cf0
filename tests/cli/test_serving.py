"""What ``trellis serve`` is told about its door holds there: TLS, web origins, further names."""

import json
import socket
from urllib.parse import urlsplit

import pytest
import trustme
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect


@pytest.fixture
def serve(background):
    """Starts a server, and gives what it says of itself and its token."""

    def start(*options):
        line = background("serve", "--json", *options).stdout.readline()
        told = json.loads(line)
        with open(told["token_file"]) as file:
            return told, json.load(file)["token"]

    return start


def test_it_says_where_it_is_for_programs_too(serve, trellis, tmp_path):
    kept = str(tmp_path / "edges.db")
    told, _ = serve("--state", kept)
    assert told["state"] == kept
    for way in (("--graph", told["url"]), ("--graph", told["socket"])):
        assert trellis("graph", *way).returncode == 0
    looking = ("--graph", told["url"], "--token-file", told["read_token_file"])
    assert "reads only" in trellis("sessions", *looking).stdout


def test_with_a_certificate_it_serves_those_who_trust_it_and_nobody_in_plain_text(serve, trellis, tmp_path):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    own = authority.issue_cert("127.0.0.1")
    own.private_key_pem.write_to_path(tmp_path / "key.pem")
    own.cert_chain_pems[0].write_to_path(tmp_path / "certificate.pem")
    told, _ = serve("--certificate", str(tmp_path / "certificate.pem"), "--key", str(tmp_path / "key.pem"))
    url = told["url"]
    assert url.startswith("wss://")
    assert trellis("graph", "--graph", url, SSL_CERT_FILE=str(tmp_path / "authority.pem")).returncode == 0
    token = ("--token-file", told["token_file"])
    for distrusted in (url, url.replace("wss://", "ws://")):
        refused = trellis("graph", "--graph", distrusted, *token)
        assert refused.returncode == 1
        assert refused.stderr.startswith("trellis: ")
        assert refused.stderr.count("\n") == 1


def test_it_bears_what_it_is_told_to_bear(serve, trellis):
    serve("--limit", "edges=1", "--limit", "heartbeat_timeout=2.5")
    assert trellis("connect", "A", "B").returncode == 0
    refused = trellis("connect", "A", "C")
    assert (refused.returncode, "edges" in refused.stderr) == (1, True)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("edge=1", "did you mean edges?"),
        ("edges", "it looks like edges=100"),
        ("EDGES=1", "did you mean edges?"),
        ("colour=1", "there are: client_frame_bytes, "),
        ("edges=many", "'many' is not a whole number"),
        ("edges=1.5", "'1.5' is not a whole number"),
        ("close_seconds=", "'' is not a number"),
        ("edges=0", "must be greater than zero"),
        ("close_seconds=nan", "must be greater than zero"),
        ("fragment_bytes=1048576", "room for a fragment twice over"),
    ],
)
def test_what_is_no_limit_is_misuse(trellis, word, said):
    misused = trellis("serve", "--limit", word)
    assert (misused.returncode, misused.stdout) == (2, "")
    assert misused.stderr.startswith(f"trellis: --limit {word}: ")
    assert said in misused.stderr


def test_a_key_without_its_certificate_is_misuse(trellis, tmp_path):
    for options, words in (
        (("--key", "key.pem"), "go together"),
        (("--key", str(tmp_path / "no.pem"), "--certificate", str(tmp_path / "no.pem")), "no certificate in"),
    ):
        misused = trellis("serve", *options)
        assert (misused.returncode, words in misused.stderr) == (2, True)


def test_off_this_host_it_needs_tls_or_insecurity_spelled_out(serve, apart, trellis):
    refused = apart("serve", "--host", "0.0.0.0")
    assert (refused.returncode, "TLS" in refused.stderr) == (1, True)
    told, _ = serve("--host", "0.0.0.0", "--insecure", "--known-as", "0.0.0.0")
    assert told["url"].startswith("ws://0.0.0.0:")
    there = ("graph", "--graph", told["url"])
    careful = trellis(*there)
    assert (careful.returncode, "use wss://, or the option insecure" in careful.stderr) == (1, True)
    assert trellis(*there, "--insecure").returncode == 0


def knock(told, token, *, name="127.0.0.1", origin=None):
    """The status with which a web page of *origin* that knows the server as *name* is answered."""
    port = urlsplit(told["url"]).port
    headers = {"Authorization": f"Bearer {token}"}
    door = socket.create_connection(("127.0.0.1", port))
    try:
        options = {"subprotocols": ["trellis.v1"], "additional_headers": headers, "origin": origin}
        with connect(f"ws://{name}:{port}", sock=door, **options):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


def test_pages_of_listed_origins_may_connect_and_it_is_known_under_further_names(serve):
    told, token = serve("--origin", "https://view.example", "--known-as", "lab.example")
    assert knock(told, token) == 101
    assert knock(told, token, origin="https://view.example") == 101
    assert knock(told, token, origin="https://evil.example") == 403
    assert knock(told, token, name="lab.example") == 101
    assert knock(told, token, name="attacker.example") == 403
