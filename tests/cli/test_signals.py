"""How commands are told to end: once is enough, and whom his starter keeps from it is not."""

import signal
import subprocess
import sys

import pytest
import trio.testing

from actors._cli._signals import hear_signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_who_is_told_again_ends_as_he_was_told_first(number):
    again = []
    before = signal.signal(number, lambda *_: again.append(number))
    try:
        with hear_signals() as signals:
            signal.raise_signal(number)
            assert await anext(signals) == number
            signal.raise_signal(number)
            await trio.testing.wait_all_tasks_blocked()  # It has come.
        assert again == []
        signal.raise_signal(number)
        assert again == [number]
    finally:
        signal.signal(number, before)


def test_a_server_under_nohup_outlives_its_terminal(environment, trellis):
    words = [sys.executable, "-m", "actors", "serve"]
    server = subprocess.Popen(
        ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *words], stdout=subprocess.PIPE, text=True, env=environment
    )
    with server:
        try:
            server.stdout.readline()
            server.send_signal(signal.SIGHUP)
            assert trellis("sessions").returncode == 0
            server.send_signal(signal.SIGTERM)
            assert server.wait(10) == 143
        finally:
            server.kill()
