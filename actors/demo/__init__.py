"""The demo: a heart's rate from a real electrocardiogram, through real units. Needs the extra ``demo``."""

from ._messages import AlarmState as AlarmState
from ._messages import Beat as Beat
from ._messages import Filtered as Filtered
from ._messages import HeartRate as HeartRate
from ._messages import Samples as Samples
from ._plain import opening_lines as opening_lines
from ._plain import plain_line as plain_line
from ._record import DEFAULT_RATE as DEFAULT_RATE
from ._record import InvalidRate as InvalidRate
from ._record import check_rate as check_rate
from ._state import DemoState as DemoState
from ._state import Monitor as Monitor
from ._units import ROOT as ROOT
from ._units import Alarm as Alarm
from ._units import AlarmSettings as AlarmSettings
from ._units import Demo as Demo
from ._units import DemoSettings as DemoSettings
from ._units import Detection as Detection
from ._units import Filter as Filter
from ._units import Rate as Rate
from ._units import RPeaks as RPeaks
from ._units import Source as Source
from ._units import demo_system as demo_system
from ._units import output_topics as output_topics
from ._view import DemoView as DemoView
from ._view import live_view as live_view

for _public in list(globals().values()):
    if getattr(_public, "__module__", "").startswith("actors.demo._"):
        _public.__module__ = __name__
del _public
