"""Sessions over a wire: the same requests at both ends of a connection, watches and messages on their way."""
