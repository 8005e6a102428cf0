"""What this process runs, as it tells its peers."""

from importlib.metadata import PackageNotFoundError, version
from typing import Final


def _version() -> str:
    try:
        return version("trellis")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "unknown"


SOFTWARE: Final = f"trellis {_version()}"
