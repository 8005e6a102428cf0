"""The data plane of one process: inboxes, routes, publishers and subscribers. It knows topics, not sessions."""

from ._endpoints import Publisher as Publisher
from ._endpoints import Subscriber as Subscriber
from ._endpoints import Turn as Turn
from ._inbox import Inbox as Inbox
from ._router import Router as Router
