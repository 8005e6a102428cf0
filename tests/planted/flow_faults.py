"""Faults of the data plane and of the runtime: inboxes, routes, windows, units, runs, workers."""

from planting import Fault

_UNITS = "runtime/runner runtime/awkward_units runtime/unit_restarts"

FAULTS = {
    "leaky keeps the oldest": Fault(
        "actors/_data/_inbox.py",
        "self._queue.popleft()\n            self.dropped += 1",
        "self._queue.pop()\n            self.dropped += 1",
        "runtime/endpoints",
    ),
    "what nobody can take is taken for a message": Fault(
        "actors/_data/_letter.py",
        "return fitting(self._topic, self._type, self._value, message_type)",
        "return self._value",
        "runtime/misfits",
    ),
    "routes do not know who sends": Fault(
        "actors/_data/_router.py", " or not self._all_fit(topic, inboxes)", "", "runtime/misfits"
    ),
    "who has ended still sends what it named": Fault(
        "actors/_data/_local_endpoints.py",
        "self._router.remove_sender(self.topic, self.message_type)",
        "pass",
        "runtime/misfits actors/type_clashes",
    ),
    "Trio runs before anybody listens for signals": Fault(
        "actors/_runtime/_main_thread.py",
        "        if self._called_off:\n            return\n",
        "",
        "runtime/main_functions",
    ),
    "what comes over a wire flows while paused": Fault(
        "actors/_data/_router.py",
        "        if self._pausing:\n            return None\n        route",
        "        route",
        "runtime/flow",
    ),
    "sync waits for nothing": Fault(
        "actors/_data/_router.py", "await inbox.wait_taken()", "pass", "runtime/flow runtime/endpoints"
    ),
    "who waits for a credit is not woken by it": Fault(
        "actors/_data/_remote_endpoints.py",
        "self._handed_over += count\n        self._changed.unpark_all()",
        "self._handed_over += count",
        "runtime/flow",
    ),
    "a client may send without credit": Fault(
        "actors/_data/_inflow.py",
        "if len(self._queue) + self._owed + len(messages) > self._window:",
        "if False:",
        "runtime/hostile_messages runtime/endpoints",
    ),
    "many small messages are handed over to who has room for one": Fault(
        "actors/_data/_inflow.py",
        "        most = min(most, *(inbox.room for inbox in route.inboxes))\n",
        "",
        "runtime/small_messages",
    ),
    "who pauses and ends leaves the flow paused": Fault(
        "actors/_graph/_session/_membership.py",
        "self._graph.router.resume(self.id)\n        for watch",
        "for watch",
        "runtime/flow actors/session_conformance",
    ),
    "routes are remembered too long": Fault(
        "actors/_graph/_supervisor/_supervisor.py",
        "            self.router.forget()\n",
        "            pass\n",
        "runtime/endpoints runtime/streams_in_change",
    ),
    "sync over a wire is answered too soon": Fault(
        "actors/_graph/_wire/_remote_service.py", "await flow.wait_sent(mine.count)", "pass", "runtime/flow"
    ),
    "a publisher over a wire leaves before its messages": Fault(
        "actors/_graph/_wire/_remote.py",
        "            await publisher.wait_handed_over()",
        "            pass",
        "runtime/endpoints runtime/refused_messages",
    ),
    "an input is not leaky": Fault(
        "actors/_runtime/_stations.py",
        "else (stream.leaky, stream.max_queue)",
        "else (False, stream.max_queue)",
        _UNITS,
    ),
    "an input's queue has its own length": Fault(
        "actors/_runtime/_stations.py", "else (stream.leaky, stream.max_queue)", "else (stream.leaky, 32)", _UNITS
    ),
    "an error of shutdown has no address": Fault(
        "actors/_runtime/_unit_actor.py", 'self._blame(error, "shutdown")', "pass", _UNITS
    ),
    "an error of settings has no address": Fault(
        "actors/_runtime/_unit_actor.py", 'self._blame(error, self._where("settings"))', "pass", _UNITS
    ),
    "generators of tasks are left open": Fault(
        "actors/_runtime/_unit_actor.py", "await outcome.aclose()", "pass", _UNITS
    ),
    "a restart keeps the state": Fault("actors/_runtime/_unit_actor.py", "forget_state(self._unit)", "pass", _UNITS),
    "settings wait behind older ones": Fault(
        "actors/_runtime/_stations.py", "(True, 1) if newest_only", "(False, 32) if newest_only", _UNITS
    ),
    "shutdown does not wait for tasks": Fault(
        "actors/_runtime/_unit_actor.py", "await self._idle.wait()", "pass", _UNITS
    ),
    "a relay fails in silence": Fault(
        "actors/_runtime/_relay_actor.py", "self._progress.fail(relay.address, error)", "pass", _UNITS
    ),
    "a thread may hang for ever": Fault(
        "actors/_runtime/_thread_task.py", "raise ThreadAbandoned(address, task.name, GRACE)", "pass", _UNITS
    ),
    "a run without its edges": Fault(
        "actors/_runtime/_runner.py", "            await session.connect_many(edges)\n", "", _UNITS
    ),
    "a run does not look at its environment": Fault(
        "actors/_runtime/_run.py", "graph or os.environ.get(VARIABLE)", "graph", "runtime/run"
    ),
    "supervision knows one strategy": Fault(
        "actors/_runtime/_company.py", "strategy=supervision.strategy,", "", _UNITS
    ),
    "restarts are counted for ever": Fault("actors/_runtime/_company.py", "within=supervision.within,", "", _UNITS),
    "a worker takes the terminal's Ctrl-C": Fault(
        "actors/_runtime/_worker.py",
        "signal.signal(signal.SIGINT, signal.SIG_IGN)",
        "pass",
        "runtime/worker_scripts",
    ),
    "a worker outlives its runner": Fault(
        "actors/_runtime/_worker.py", "os._exit(1)", "pass", "runtime/worker_scripts"
    ),
}
