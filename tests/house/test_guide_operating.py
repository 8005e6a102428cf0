"""The operator's guide: its commands run from top to bottom, each with the exit code 0, as they would in a terminal."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sysconfig
from contextlib import suppress
from pathlib import Path

import pytest

GUIDE = (Path(__file__).parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^(<!-- runs on -->\n)?```sh\n(.*?)^```\n", GUIDE, re.MULTILINE | re.DOTALL)
IN_BACKGROUND = """wait
%s &
until trellis sessions >/dev/null 2>&1; do kill -0 $!; sleep 0.1; done
"""
END = "trellis shutdown\nwait\n"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the guide makes a certificate with openssl")
def test_the_commands_of_the_guide_run_from_top_to_bottom(tmp_path):
    assert sum(bool(runs_on) for runs_on, _ in BLOCKS) == 3
    script = "".join(IN_BACKGROUND % block.rstrip() if runs_on else block for runs_on, block in BLOCKS) + END
    script = script.replace("8765", str(free_port()))
    with (tmp_path / "said").open("w+") as said:
        terminal = subprocess.Popen(
            ["bash", "-euxo", "pipefail", "-c", script],
            cwd=tmp_path,
            env=environment(tmp_path),
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        try:
            code = terminal.wait(timeout=120)
        finally:
            # What a failure has left running is of the same group.
            with suppress(ProcessLookupError):
                os.killpg(terminal.pid, signal.SIGKILL)
        said.seek(0)
        assert code == 0, said.read()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def environment(folder: Path) -> dict[str, str]:
    """A user who has nothing running, and the command in the path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRELLIS_")}
    path = f"{sysconfig.get_path('scripts')}:{os.environ['PATH']}"
    return {**kept, "XDG_RUNTIME_DIR": str(folder), "PATH": path}
