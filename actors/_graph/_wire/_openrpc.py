"""The published description of the wire's methods, made from the code that answers them.

``docs/openrpc.json`` holds its text, and ``rpc.discover`` answers with the same. A test tells when it is stale.
"""

import json
from pathlib import Path

from transport import describe_service

from ._remote_service import RemoteSessionService


def openrpc_text() -> str:
    """The description as it is published."""
    return json.dumps(describe_service(RemoteSessionService), indent=2, ensure_ascii=False) + "\n"


def publish(directory: str) -> None:
    """Write the description to *directory*."""
    (Path(directory) / "openrpc.json").write_text(openrpc_text(), encoding="utf-8")
