"""How messages travel: links, and requests over links. Knows nothing of graphs."""

from ._bypass._bypass import Bypass as Bypass
from ._bypass._bypass_words import bypass_pair as bypass_pair
from ._bypass._own_files import Buffer as Buffer
from ._bypass._own_files import Stored as Stored
from ._bypass._their_files import Posted as Posted
from ._documents._codec import Payload as Payload
from ._documents._error_table import ErrorTable as ErrorTable
from ._documents._footprint import decoded_fits as decoded_fits
from ._documents._footprint import surely_fits as surely_fits
from ._documents._pieces import Pieces as Pieces
from ._documents._shared import Shared as Shared
from ._documents._slices import decode_values as decode_values
from ._doors._connect import connect_websocket as connect_websocket
from ._doors._connect import reach_websocket as reach_websocket
from ._doors._inherited import inherited_link as inherited_link
from ._doors._inherited import own_limits as own_limits
from ._doors._policy import HandshakePolicy as HandshakePolicy
from ._doors._policy import check_token as check_token
from ._doors._policy import new_token as new_token
from ._doors._unix_door import connect_unix as connect_unix
from ._doors._unix_door import reach_unix as reach_unix
from ._doors._unix_door import serve_unix_links as serve_unix_links
from ._doors._websocket_door import Listening as Listening
from ._doors._websocket_door import serve_websocket_links as serve_websocket_links
from ._errors import CannotListen as CannotListen
from ._errors import ConnectFailed as ConnectFailed
from ._errors import HandshakeRefused as HandshakeRefused
from ._errors import InvalidParams as InvalidParams
from ._errors import InvalidRequest as InvalidRequest
from ._errors import LimitExceeded as LimitExceeded
from ._errors import LinkClosed as LinkClosed
from ._errors import LinkLost as LinkLost
from ._errors import LinkRefused as LinkRefused
from ._errors import MethodNotFound as MethodNotFound
from ._errors import NotPermitted as NotPermitted
from ._errors import ParseError as ParseError
from ._errors import ProtocolError as ProtocolError
from ._errors import RemoteError as RemoteError
from ._errors import RequestCancelled as RequestCancelled
from ._errors import RequestError as RequestError
from ._errors import TransportError as TransportError
from ._limits import Limits as Limits
from ._link._link import Frame as Frame
from ._link._link import Link as Link
from ._link._link import Role as Role
from ._link._memory import memory_links as memory_links
from ._peer._opening import Opening as Opening
from ._peer._peer import Peer as Peer
from ._service._discover import describe_service as describe_service
from ._service._service import Service as Service
from ._service._service_table import wire_method as wire_method

for _public in list(globals().values()):
    if getattr(_public, "__module__", "").startswith("transport._"):
        _public.__module__ = __name__
del _public
