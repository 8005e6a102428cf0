"""Who hears what: from a topic to the inboxes of everyone who subscribed there or downstream of it.

Routes are derived from the graph when they are needed and forgotten when the graph changes. Decisions are
synchronous; only a pause and a sync wait.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, Final

import attrs
import trio

from ._fitting import can_fit
from ._forms import Form
from ._inbox import Inbox


@attrs.frozen
class Route:
    """The inboxes that a topic's messages go to, each once however many paths lead there."""

    inboxes: tuple[Inbox, ...]
    by_letter: bool
    """Whether some of them take bytes, or look at what a publisher of this process gives them."""
    form: Form | None
    """The form of those bytes, if all of them take the same."""


class Router:
    """The routes of one process."""

    def __init__(self, downstream: Callable[[str], Iterable[str]]) -> None:
        self._downstream: Final = downstream
        self._inboxes: dict[str, list[Inbox]] = {}
        self._routes: dict[str, Route] = {}
        self._sent: dict[str, list[Any]] = {}
        """What the publishers of this process at a topic say that they send."""
        self._pausing: set[Hashable] = set()
        self._resumed: Final = trio.lowlevel.ParkingLot()
        self.progress: Final = trio.lowlevel.ParkingLot()
        """Who waits for messages that are on their way here; it looks again at each one, and when the flow stops."""

    def route(self, topic: str) -> Route:
        """Where a message on *topic* goes."""
        found = self._routes.get(topic)
        if found is None:
            topics = (topic, *self._downstream(topic))
            inboxes = tuple(inbox for name in topics for inbox in self._inboxes.get(name, ()))
            forms = {inbox.form for inbox in inboxes}
            one = next(iter(forms)) if len(forms) == 1 else None
            by_letter = bool(forms - {None}) or not self._all_fit(topic, inboxes)
            found = self._routes[topic] = Route(inboxes, by_letter, one)
        return found

    def _all_fit(self, topic: str, inboxes: tuple[Inbox, ...]) -> bool:
        return all(can_fit(sent, inbox.message_type) for sent in self._sent.get(topic, ()) for inbox in inboxes)

    def open_route(self, topic: str) -> Route | None:
        """The route of *topic* if a message can go to all of it now; None while it must wait."""
        if self._pausing:
            return None
        route = self.route(topic)
        for inbox in route.inboxes:
            if inbox.full:
                return None
        return route

    async def wait_open(self, topic: str) -> None:
        """Park until the flow may go on and a full inbox may have room, or there is another reason to look again."""
        if self._pausing:
            await self._resumed.park()
            return
        for inbox in self.route(topic).inboxes:
            if inbox.full:
                await inbox.wait_room()
                return

    def add_sender(self, topic: str, message_type: Any) -> None:
        """A publisher of this process begins to send on *topic* what it names."""
        self._sent.setdefault(topic, []).append(message_type)
        self._routes.pop(topic, None)

    def remove_sender(self, topic: str, message_type: Any) -> None:
        """One that began has ended."""
        self._sent[topic].remove(message_type)
        if not self._sent[topic]:
            del self._sent[topic]
        self._routes.pop(topic, None)

    def sent_at(self, topics: Iterable[str]) -> Iterator[tuple[str, Any]]:
        """What the publishers of this process say that they send, by topic."""
        return ((topic, sent) for topic in topics for sent in self._sent.get(topic, ()))

    def taken_at(self, topics: Iterable[str]) -> Iterator[tuple[str, Any]]:
        """What the subscribers of this process say that they take, by topic."""
        return ((topic, inbox.message_type) for topic in topics for inbox in self._inboxes.get(topic, ()))

    def attach(self, topic: str, inbox: Inbox) -> None:
        """Add a subscriber's inbox at *topic*."""
        self._inboxes.setdefault(topic, []).append(inbox)
        self.forget()

    def detach(self, topic: str, inbox: Inbox, failure: Exception) -> None:
        """Close a subscriber's inbox and take it out. Calling again changes nothing."""
        inbox.close(failure)
        present = self._inboxes.get(topic, [])
        if inbox in present:
            present.remove(inbox)
            if not present:
                del self._inboxes[topic]
            self.forget()

    @property
    def paused(self) -> bool:
        """Whether anybody holds the flow of messages."""
        return bool(self._pausing)

    def pause(self, holder: Hashable) -> None:
        """Hold every publisher of this process, until the last holder resumes."""
        self._pausing.add(holder)
        self.progress.unpark_all()

    def resume(self, holder: Hashable) -> None:
        """Let go of the flow; one that does not hold it changes nothing."""
        self._pausing.discard(holder)
        if not self._pausing:
            self._resumed.unpark_all()

    def nudge(self, topic: str) -> None:
        """Let whoever waits to send on *topic* look again."""
        self._resumed.unpark_all()
        for inbox in self.route(topic).inboxes:
            inbox.rerouted()

    async def sync(self) -> None:
        """Wait until every message that was sent before has been taken by its subscribers."""
        await trio.lowlevel.checkpoint()
        for inbox in [inbox for inboxes in self._inboxes.values() for inbox in inboxes]:
            await inbox.wait_taken()

    def forget(self) -> None:
        """The graph or its subscribers changed: derive the routes anew, and let waiting publishers look again."""
        self._routes.clear()
        for inboxes in self._inboxes.values():
            for inbox in inboxes:
                inbox.rerouted()
