"""Failures that supervision takes care of are not raised anywhere: here they are at least written down."""

import logging

from ._policy import Verdict

logger = logging.getLogger("actors")

_WORDS = {
    Verdict.GONE: (logging.ERROR, "actor %s failed, and is not restarted"),
    Verdict.RESTART: (logging.WARNING, "actor %s failed, and is restarted"),
}


def report(path: str, what: Verdict, error: BaseException) -> None:
    """Log a failure with its traceback, unless it escalates: then it is raised."""
    if what in _WORDS:
        level, words = _WORDS[what]
        logger.log(level, words, path, exc_info=error)
