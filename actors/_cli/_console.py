"""Rich's console, for what is printed with columns or colours."""

from rich.console import Console


class Output(Console):
    """Says nothing of its own when its reader has gone: rich would end the process with the exit code of a failure."""

    def on_broken_pipe(self) -> None:
        """Let the command end as it does wherever else it finds nobody to read its output."""
        raise BrokenPipeError
