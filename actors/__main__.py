"""The command ``trellis``; also ``python -m actors``."""

import sys

from actors._loading import INTERRUPTED

try:
    from actors._cli import main as main
except KeyboardInterrupt:  # As `_loading` does it for what is loaded before.
    sys.exit(INTERRUPTED)

if __name__ == "__main__":
    sys.exit(main())
