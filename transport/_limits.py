"""Every bound of a connection and of the door, as one frozen record.

Both ends hold the same record. Transport enforces what concerns frames, outboxes and deadlines; what concerns
graphs is enforced by whoever owns the graph, under the same names, so that `LimitExceeded` always names a
field of this record.
"""

import attrs

KIB = 1024
MIB = 1024 * KIB


@attrs.frozen(kw_only=True)
class Limits:
    """What a connection and a door will bear. Sizes are bytes, times are seconds, the rest are counts.

    A *frame* is one message of the link (a websocket message, a length-prefixed block). A *document* is one
    request, reply or notification; one that is larger than ``fragment_bytes`` crosses in several frames.
    """

    client_frame_bytes: int = 1 * MIB
    """The largest frame that a client may send."""
    server_frame_bytes: int = 1 * MIB
    """The largest frame that a server may send."""
    client_document_bytes: int = 32 * MIB
    """The largest document that a client may send, and all its unfinished ones together."""
    server_document_bytes: int = 128 * MIB
    """The largest document that a server may send, and all its unfinished ones together."""
    fragment_bytes: int = 128 * KIB
    """Documents above this size cross in fragments of at most this size."""
    transfers: int = 16
    """Documents of one peer that may be under way in fragments at once."""
    nesting: int = 64
    """How deep plain data in parameters and results may be nested."""
    decoded_bytes: int = 256 * MIB
    """Memory that one document of a client may take once decoded, estimated from above."""

    sessions: int = 4096
    """Connections that a door serves at once."""
    handshakes: int = 1024
    """Unfinished handshakes at once; above it the oldest is dropped."""
    handshake_bytes: int = 16 * KIB
    """What may be sent before the handshake is done."""
    requests_in_flight: int = 256
    """Requests of one peer that wait for something at once."""
    waiting_bytes: int = 64 * MIB
    """Parameters of those requests. One request may pass the bound, not two."""

    watches_per_session: int = 64
    endpoints_per_session: int = 1024
    scopes_per_session: int = 1024
    edges_per_session: int = 100_000
    edges: int = 1_000_000
    topic_length: int = 1024
    """Characters; fewer can be allowed, not more."""
    metadata_bytes_per_session: int = 32 * MIB
    metadata_bytes: int = 256 * MIB
    settings_bytes_per_session: int = 8 * MIB
    settings_bytes: int = 64 * MIB
    history_changes: int = 4096
    """Changes that the supervisor keeps for watchers that start late, by number and ..."""
    history_bytes: int = 8 * MIB
    """... by size, about. A larger change is not kept: a snapshot is quicker, and thousands of records would stay."""
    settings_history: int = 32
    """Values of one component's settings that the supervisor keeps."""
    watch_changes: int = 1024
    """Changes that may wait for one watcher; above it the watcher gets a resync."""

    queue_messages: int = 65_536
    """Messages of one endpoint across a wire that may be on their way, or wait."""
    queue_bytes: int = 8 * MIB
    """Bytes of one endpoint's messages that wait in the server. One message may pass the bound, not two."""
    queue_bytes_per_session: int = 256 * MIB
    """The same of all endpoints of one session; what passes it ends the endpoint that did."""

    outbox_bytes: int = 16 * MIB
    """Replies and notifications that wait for one peer. One document may pass the bound, not two."""
    message_bytes: int = 4 * MIB
    """Bulk notifications waiting for one peer, by the same rule."""
    beside_bytes: int = 48 * MIB
    """Memory files that each end makes for the messages of one peer; what finds no room goes over the link."""

    handshake_seconds: float = 5.0
    """From the first byte of a connection to a link that is ready, TLS included."""
    open_seconds: float = 5.0
    """From a ready link to its first request."""
    send_seconds: float = 10.0
    """A link that takes nothing for so long is ended."""
    close_seconds: float = 1.0
    """For everything polite about an ending; then it is forced."""
    heartbeat_interval: float = 5.0
    heartbeat_timeout: float = 5.0
    """A peer from which nothing comes for so long after a ping is gone."""

    def __attrs_post_init__(self) -> None:
        """Refuse what would stop everything."""
        for field in attrs.fields(Limits):
            value = getattr(self, field.name)
            if not value > 0:
                raise ValueError(f"{field.name} must be greater than zero, got {value!r}")
        if 2 * self.fragment_bytes + KIB > min(self.client_frame_bytes, self.server_frame_bytes):
            raise ValueError("a frame must have room for a fragment twice over: JSON may double its size")
