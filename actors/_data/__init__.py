"""The data plane: who hears what, and both ends of a stream, here or across a wire. It knows topics, not sessions."""

from ._endpoints import Publisher as Publisher
from ._endpoints import Subscriber as Subscriber
from ._endpoints import Turn as Turn
from ._errors import MessageError as MessageError
from ._errors import MessageRefused as MessageRefused
from ._errors import MessageTypeNotPortable as MessageTypeNotPortable
from ._errors import Unfit as Unfit
from ._flow import Flow as Flow
from ._flow import FlowStatistics as FlowStatistics
from ._forms import Form as Form
from ._forms import Pieces as Pieces
from ._forms import open_trusted as open_trusted
from ._forms import packing_of as packing_of
from ._forms import seal_trusted as seal_trusted
from ._inbox import Inbox as Inbox
from ._inflow import Inflow as Inflow
from ._local_endpoints import LocalPublisher as LocalPublisher
from ._local_endpoints import LocalSubscriber as LocalSubscriber
from ._outlet import Outlet as Outlet
from ._remote_endpoints import Kept as Kept
from ._remote_endpoints import Pack as Pack
from ._remote_endpoints import RemotePublisher as RemotePublisher
from ._remote_endpoints import RemoteSubscriber as RemoteSubscriber
from ._remote_endpoints import Unpack as Unpack
from ._router import Router as Router
from ._tally import Tally as Tally
