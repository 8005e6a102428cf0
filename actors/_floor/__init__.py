"""The actor floor: mailboxes, actors, refs and nurseries that supervise; it knows nothing of graphs."""

from ._actor import Actor as Actor
from ._deferred import Deferred as Deferred
from ._errors import ActorCrashed as ActorCrashed
from ._errors import ActorError as ActorError
from ._errors import ActorNotFound as ActorNotFound
from ._errors import ActorRestarted as ActorRestarted
from ._errors import ActorStopped as ActorStopped
from ._errors import CallCycle as CallCycle
from ._errors import GraceExceeded as GraceExceeded
from ._errors import NameTaken as NameTaken
from ._errors import NurseryClosed as NurseryClosed
from ._errors import TooManyRestarts as TooManyRestarts
from ._function import FunctionActor as FunctionActor
from ._function import Inbox as Inbox
from ._function import function_actor as function_actor
from ._joined import raise_as_itself as raise_as_itself
from ._monitor import Down as Down
from ._monitor import Monitor as Monitor
from ._nursery import ActorNursery as ActorNursery
from ._nursery import open_actor_nursery as open_actor_nursery
from ._policy import Backoff as Backoff
from ._policy import Restart as Restart
from ._policy import Strategy as Strategy
from ._policy import Supervision as Supervision
from ._ref import ActorRef as ActorRef
from ._timers import Timer as Timer
from ._tree import ActorStatus as ActorStatus
from ._tree import ActorTree as ActorTree

# Tracebacks and pickles name the public place.
for _public in list(globals().values()):
    if getattr(_public, "__module__", "").startswith(f"{__name__}._"):
        _public.__module__ = "actors"
