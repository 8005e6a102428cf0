"""Persistent edges on disk: what was decided, written down afterwards. It knows no session."""
