"""How a server's process collects garbage: seldom over what lives long.

Python walks the whole heap whenever it has grown by a quarter, and a thousand sessions are 300,000 objects that are
no garbage: most of the time in which they come or go went into that, in pauses of up to a second. What has ended leaves
nothing to the collector, so that it may be long before it looks at everything. The setting belongs to the whole
process, so a command may make it and a library may not.
"""

import gc
from typing import Final

_THRESHOLDS: Final = (3_000, 1, 1_100)
"""The youngest after so many new objects; the middle after three times as many; everything after ten millions.

The first are small, because a registration brings a hundred thousand that stay: a few at a time are still in the
processor's cache, and are walked in 1 to 2 ms. With 20,000 and 100,000 it took up to 50 ms at once, and three times as
long in all. To look at everything takes 75 to 95 ms where there are 5,000 components.
"""


def collect_seldom() -> None:
    """Leave what is loaded by now out of every collection, and make the long ones rare. For a process of its own."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
