"""Who is told, or asked, when there is nobody any more.

What has ended puts it in the place of those who hold it: a ring of objects that hold each other is left to the garbage
collector, whose pauses grow with all that a process holds.
"""


def nobody(*_: object) -> None:
    """Do nothing about it."""
