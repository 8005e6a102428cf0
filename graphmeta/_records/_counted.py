"""Numbers of things, in words."""


def counted(number: int, noun: str) -> str:
    """Return *number* and what it counts: ``1 edge``, ``2 edges``. *noun* is one of them, its plural a regular one."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
