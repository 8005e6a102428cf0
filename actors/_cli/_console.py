"""Rich's console, for what is printed with columns or colours.

Commands import this file, and rich, where they draw: to load them is a tenth of the start of every command, and most
draw nothing.
"""

from rich.console import Console


class Output(Console):
    """Says nothing of its own when its reader has gone: rich would end the process with the exit code of a failure."""

    def on_broken_pipe(self) -> None:
        """Let the command end as it does wherever else it finds nobody to read its output."""
        raise BrokenPipeError


def draws(console: Console) -> bool:
    """Whether a picture can be drawn over and over there."""
    return console.is_terminal and not console.is_dumb_terminal
