"""Doors: how two processes come to share a link, at both ends, over websockets and Unix sockets."""
