"""Peers: one end of a connection, what of it waits, and the tasks that move it."""
