"""How messages travel: links, and requests over links. Knows nothing of graphs."""

from ._bypass import Bypass as Bypass
from ._bypass_words import bypass_pair as bypass_pair
from ._codec import Payload as Payload
from ._connect import connect_websocket as connect_websocket
from ._connect import reach_websocket as reach_websocket
from ._discover import describe_service as describe_service
from ._error_table import ErrorTable as ErrorTable
from ._errors import CannotListen as CannotListen
from ._errors import ConnectFailed as ConnectFailed
from ._errors import HandshakeRefused as HandshakeRefused
from ._errors import InvalidParams as InvalidParams
from ._errors import InvalidRequest as InvalidRequest
from ._errors import LimitExceeded as LimitExceeded
from ._errors import LinkClosed as LinkClosed
from ._errors import LinkLost as LinkLost
from ._errors import MethodNotFound as MethodNotFound
from ._errors import NotPermitted as NotPermitted
from ._errors import ParseError as ParseError
from ._errors import ProtocolError as ProtocolError
from ._errors import RemoteError as RemoteError
from ._errors import RequestCancelled as RequestCancelled
from ._errors import RequestError as RequestError
from ._errors import TransportError as TransportError
from ._footprint import decoded_fits as decoded_fits
from ._footprint import surely_fits as surely_fits
from ._inherited import inherited_link as inherited_link
from ._inherited import own_limits as own_limits
from ._limits import Limits as Limits
from ._link import Frame as Frame
from ._link import Link as Link
from ._link import Role as Role
from ._memory import memory_links as memory_links
from ._opening import Opening as Opening
from ._own_files import Buffer as Buffer
from ._own_files import Stored as Stored
from ._peer import Peer as Peer
from ._pieces import Pieces as Pieces
from ._policy import HandshakePolicy as HandshakePolicy
from ._policy import new_token as new_token
from ._service import Service as Service
from ._service_table import wire_method as wire_method
from ._shared import Shared as Shared
from ._slices import decode_values as decode_values
from ._their_files import Posted as Posted
from ._unix_door import connect_unix as connect_unix
from ._unix_door import reach_unix as reach_unix
from ._unix_door import serve_unix_links as serve_unix_links
from ._websocket_door import Listening as Listening
from ._websocket_door import serve_websocket_links as serve_websocket_links

for _public in list(globals().values()):
    if getattr(_public, "__module__", "").startswith("transport._"):
        _public.__module__ = __name__
del _public
