"""The runtime floor: units as actors, and the runner that brings them to life."""

from ._errors import WorkerDied as WorkerDied
from ._errors import WorkerFailed as WorkerFailed
from ._errors import WorkerTraceback as WorkerTraceback
from ._failures import Failure as Failure
from ._run import run as run
from ._runner import Runner as Runner
from ._runner import open_runner as open_runner
from ._thread_task import ThreadAbandoned as ThreadAbandoned
from ._worker import work as work
