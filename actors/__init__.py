"""Actors, graphs of topics that sessions own, and units that run along them: what an application imports."""

from ._floor import Actor as Actor
from ._floor import ActorCrashed as ActorCrashed
from ._floor import ActorError as ActorError
from ._floor import ActorNotFound as ActorNotFound
from ._floor import ActorNursery as ActorNursery
from ._floor import ActorRef as ActorRef
from ._floor import ActorRestarted as ActorRestarted
from ._floor import ActorStopped as ActorStopped
from ._floor import Backoff as Backoff
from ._floor import CallCycle as CallCycle
from ._floor import Deferred as Deferred
from ._floor import Down as Down
from ._floor import GraceExceeded as GraceExceeded
from ._floor import Monitor as Monitor
from ._floor import NameTaken as NameTaken
from ._floor import NurseryClosed as NurseryClosed
from ._floor import Supervision as Supervision
from ._floor import TooManyRestarts as TooManyRestarts
from ._floor import open_actor_nursery as open_actor_nursery
