"""JSON-RPC documents, without I/O: the records, two codecs, what they may hold, and large ones in pieces."""
