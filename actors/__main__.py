"""The command ``trellis``; also ``python -m actors``."""

import sys

from actors._cli import main

if __name__ == "__main__":
    sys.exit(main())
