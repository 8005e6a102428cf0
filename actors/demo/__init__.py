"""The demo: a heart's rate from a real electrocardiogram, through real units. Needs the extra ``demo``."""

from ._plain import opening_lines as opening_lines
from ._plain import plain_line as plain_line
from ._record import DEFAULT_RATE as DEFAULT_RATE
from ._record import InvalidRate as InvalidRate
from ._record import check_rate as check_rate
from ._state import DemoState as DemoState
from ._state import Monitor as Monitor
from ._units import ROOT as ROOT
from ._units import AlarmSettings as AlarmSettings
from ._units import demo_system as demo_system
from ._units import output_topics as output_topics
from ._view import live_view as live_view
