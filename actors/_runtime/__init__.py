"""The runtime floor: units as actors, and the runner that brings them to life."""

from ._runner import Runner as Runner
from ._runner import open_runner as open_runner
from ._runner import run as run
