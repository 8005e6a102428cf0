"""Actors, graphs of topics that sessions own, and units that run along them: what an application imports."""

from ._loading import loaded as _loaded

# isort: split
# Before all else, see there.
from graphmeta import INPUT_SETTINGS as INPUT_SETTINGS
from graphmeta import Change as Change
from graphmeta import Collection as Collection
from graphmeta import Complete as Complete
from graphmeta import CycleError as CycleError
from graphmeta import Edge as Edge
from graphmeta import GraphError as GraphError
from graphmeta import GraphMetadata as GraphMetadata
from graphmeta import GraphSnapshot as GraphSnapshot
from graphmeta import InputRelay as InputRelay
from graphmeta import InputStream as InputStream
from graphmeta import InputTopic as InputTopic
from graphmeta import InvalidComponent as InvalidComponent
from graphmeta import InvalidEndpoint as InvalidEndpoint
from graphmeta import InvalidMetadata as InvalidMetadata
from graphmeta import InvalidSettings as InvalidSettings
from graphmeta import InvalidTopic as InvalidTopic
from graphmeta import NormalTermination as NormalTermination
from graphmeta import Outcome as Outcome
from graphmeta import OutputRelay as OutputRelay
from graphmeta import OutputStream as OutputStream
from graphmeta import OutputTopic as OutputTopic
from graphmeta import Resync as Resync
from graphmeta import RevisionGap as RevisionGap
from graphmeta import Secret as Secret
from graphmeta import Topic as Topic
from graphmeta import Unit as Unit
from graphmeta import crawl_components as crawl_components
from graphmeta import describe as describe
from graphmeta import main as main
from graphmeta import publisher as publisher
from graphmeta import subscriber as subscriber
from graphmeta import task as task
from graphmeta import thread as thread
from transport import CannotListen as CannotListen
from transport import InvalidParams as InvalidParams
from transport import LimitExceeded as LimitExceeded
from transport import Limits as Limits
from transport import NotPermitted as NotPermitted

from ._data import MessageError as MessageError
from ._data import MessageRefused as MessageRefused
from ._data import MessageTypeNotPortable as MessageTypeNotPortable
from ._data import Publisher as Publisher
from ._data import Subscriber as Subscriber
from ._floor import Actor as Actor
from ._floor import ActorCrashed as ActorCrashed
from ._floor import ActorError as ActorError
from ._floor import ActorNotFound as ActorNotFound
from ._floor import ActorNursery as ActorNursery
from ._floor import ActorRef as ActorRef
from ._floor import ActorRestarted as ActorRestarted
from ._floor import ActorStatus as ActorStatus
from ._floor import ActorStopped as ActorStopped
from ._floor import ActorTree as ActorTree
from ._floor import Backoff as Backoff
from ._floor import CallCycle as CallCycle
from ._floor import Deferred as Deferred
from ._floor import Down as Down
from ._floor import FunctionActor as FunctionActor
from ._floor import GraceExceeded as GraceExceeded
from ._floor import Inbox as Inbox
from ._floor import Monitor as Monitor
from ._floor import NameTaken as NameTaken
from ._floor import NurseryClosed as NurseryClosed
from ._floor import Supervision as Supervision
from ._floor import Timer as Timer
from ._floor import TooManyRestarts as TooManyRestarts
from ._floor import function_actor as function_actor
from ._floor import open_actor_nursery as open_actor_nursery
from ._graph import AddressTaken as AddressTaken
from ._graph import AmbiguousSession as AmbiguousSession
from ._graph import Changes as Changes
from ._graph import ConnectionRefused as ConnectionRefused
from ._graph import Door as Door
from ._graph import EdgeResult as EdgeResult
from ._graph import EndpointRates as EndpointRates
from ._graph import EndpointStatistics as EndpointStatistics
from ._graph import Graph as Graph
from ._graph import GraphClosed as GraphClosed
from ._graph import Host as Host
from ._graph import Impact as Impact
from ._graph import InvalidName as InvalidName
from ._graph import LoopStatistics as LoopStatistics
from ._graph import NoRuntimeFolder as NoRuntimeFolder
from ._graph import NotRunning as NotRunning
from ._graph import Rates as Rates
from ._graph import Scope as Scope
from ._graph import ScopeTaken as ScopeTaken
from ._graph import Session as Session
from ._graph import SessionEnded as SessionEnded
from ._graph import SessionError as SessionError
from ._graph import SessionInfo as SessionInfo
from ._graph import SessionLost as SessionLost
from ._graph import SessionReleased as SessionReleased
from ._graph import SettingsRefused as SettingsRefused
from ._graph import SettingsWatch as SettingsWatch
from ._graph import StateFileBusy as StateFileBusy
from ._graph import StateFileDamaged as StateFileDamaged
from ._graph import StateFileForeign as StateFileForeign
from ._graph import StateFileNewer as StateFileNewer
from ._graph import StateFileTooLarge as StateFileTooLarge
from ._graph import StateFileUnwritable as StateFileUnwritable
from ._graph import Statistics as Statistics
from ._graph import StorageFailed as StorageFailed
from ._graph import SubscriptionTaken as SubscriptionTaken
from ._graph import TypeClash as TypeClash
from ._graph import UnknownComponent as UnknownComponent
from ._graph import UnknownScope as UnknownScope
from ._graph import UnknownSession as UnknownSession
from ._graph import WatchOverrun as WatchOverrun
from ._graph import open_graph as open_graph
from ._graph import open_session as open_session
from ._graph import rates as rates
from ._graph import serve_host as serve_host
from ._graph import serve_unix as serve_unix
from ._graph import serve_websocket as serve_websocket
from ._runtime import Failure as Failure
from ._runtime import Runner as Runner
from ._runtime import ThreadAbandoned as ThreadAbandoned
from ._runtime import WorkerDied as WorkerDied
from ._runtime import WorkerFailed as WorkerFailed
from ._runtime import WorkerTraceback as WorkerTraceback
from ._runtime import open_runner as open_runner
from ._runtime import run as run

for _public in list(globals().values()):
    # Tracebacks and pickles name the public place.
    if getattr(_public, "__module__", "").startswith(f"{__name__}._"):
        _public.__module__ = __name__
del _public

_loaded()
del _loaded
