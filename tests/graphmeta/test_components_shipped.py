"""Components whose classes live in a script or a notebook cross to a process that has never seen them."""

import subprocess
import sys

import pytest

HERE = """
import sys
import attrs, cloudpickle
from graphmeta import *

@attrs.frozen
class Settings:
    gain: float = 1.0

@attrs.frozen
class Finer(Settings):
    pass

class State:
    pass

class Ticks:
    TICK = InputStream(int)
    @subscriber(TICK)
    async def tick(self, number): ...

class Loud(Unit):
    SETTINGS = Settings
    @main
    def window(self): ...

class Quiet(Unit):
    SETTINGS = Finer
    STATE = State
    @main
    def other(self): ...

class Gain(Ticks, Loud, Quiet):
    # Its bases disagree about settings and about the main function; only all of it together is right.
    SETTINGS = Finer
    other = None
    INPUT_SETTINGS = InputStream(Finer)
    OUTPUT = OutputStream(float)
    @publisher(OUTPUT)
    async def source(self):
        yield self.OUTPUT, self.settings.gain

class Both(Ticks, Quiet): pass

class System(Collection):
    BOTH = Both()
    GAIN = Gain(Finer(2.0))
    QUIET = Quiet()
    IN = InputRelay(float)
    def network(self):
        return ((self.GAIN.OUTPUT, "ELSEWHERE/IN"),)

system = bind("SYS", System())
sys.stdout.buffer.write(cloudpickle.dumps((system, describe(system))))
"""

THERE = """
import sys, cloudpickle
from graphmeta import *

system, described = cloudpickle.loads(sys.stdin.buffer.read())
gain = system.GAIN
again, before = describe(system).units["SYS/GAIN"], described.units["SYS/GAIN"]
assert (again.tasks, again.input_streams) == (before.tasks, before.input_streams)
assert before.initial_settings.load().gain == 2.0
assert (gain.address, gain.settings.gain, type(gain).SETTINGS.__name__) == ("SYS/GAIN", 2.0, "Finer")
assert isinstance(gain.state, gain.STATE.__class__) and gain.state is gain.STATE
assert gain.state is not system.QUIET.state
specs = {spec.name: spec for spec in tasks_of(gain)}
assert specs["tick"].subscribes is gain.TICK
assert specs["source"].publishes == (gain.OUTPUT,)
assert [name for name, spec in specs.items() if spec.kind == "main"] == ["window"]
assert collect_edges([system]) == (Edge("SYS/GAIN/OUTPUT", "ELSEWHERE/IN"),)
assert system.IN.sends_to == "SYS/IN/inside"
fresh = type(system)()
assert fresh.GAIN.settings.gain == 2.0 and fresh.GAIN.address is None
try:
    type("Wrong", (type(gain),), {"OUTPUT": InputStream(float)})
except InvalidComponent as error:
    print(error)
"""


def run(*arguments: str, given: bytes) -> bytes:
    done = subprocess.run([sys.executable, *arguments], input=given, capture_output=True, timeout=60)
    assert done.stderr == b""
    return done.stdout


@pytest.fixture(scope="module", params=["script", "notebook"])
def shipped(request, tmp_path_factory):
    if request.param == "script":
        script = tmp_path_factory.mktemp("shipped") / "script.py"
        script.write_text(HERE)
        return run(str(script), given=b"")
    # As in a notebook, the classes are in __main__, and no file has their source.
    return run("-c", "import sys; exec(sys.stdin.read(), vars(sys.modules['__main__']))", given=HERE.encode())


def test_components_arrive_whole_and_their_classes_are_still_watched(shipped):
    printed = run("-c", THERE, given=shipped)
    assert printed.strip() == b"Wrong.source: @publisher names OUTPUT, which is no OutputStream here"
