"""Faults of the actor floor: mailboxes, lives, restarts, monitors, timers, names."""

from planting import Fault

FAULTS = {
    "a mailbox without a bound": Fault(
        "actors/_floor/_mailbox.py",
        "if len(self._queue) >= self.bound:\n            raise trio.WouldBlock",
        "if False:\n            raise trio.WouldBlock",
        "actors/actor_calls",
    ),
    "a late sender overtakes those who wait": Fault(
        "actors/_floor/_mailbox.py",
        "        if self._outside:\n            self._admit()\n        return message",
        "        return message",
        "actors/actor_calls",
    ),
    "a mailbox that is held gives all the same": Fault(
        "actors/_floor/_mailbox.py", "if self.held or not self._queue:", "if not self._queue:", "actors/actor_functions"
    ),
    "nobody is told of a death": Fault(
        "actors/_floor/_cell.py", "self.monitors.add(monitor)", "pass", "actors/actor_monitors"
    ),
    "who asks late is not told of a death": Fault(
        "actors/_floor/_cell.py", "monitor._tell(self.last_down)", "pass", "actors/actor_monitors"
    ),
    "the dead leave their callers waiting": Fault(
        "actors/_floor/_cell.py", "request.fail(make_error())", "pass", "actors/actor_restarts actors/actor_deferred"
    ),
    "what was queued is dropped in silence": Fault(
        "actors/_floor/_cell.py",
        "                item.fail(self.stopped())",
        "                pass",
        "actors/actor_calls",
    ),
    "cancellation cuts a stop short": Fault(
        "actors/_floor/_loop.py", "guard.shield = True", "pass", "actors/actor_lives actors/actor_usual"
    ),
    "a stop may take for ever": Fault(
        "actors/_floor/_loop.py", "guard.deadline = trio.current_time() + cell.grace", "pass", "actors/actor_matrix"
    ),
    "an actor at rest is taken for gone though it has something to do": Fault(
        "actors/_floor/_cell.py",
        "return None if life.actor._has_stopping else life",
        "return life",
        "actors/actor_lives",
    ),
    "the end of an actor at rest is told twice": Fault(
        "actors/_floor/_supervisor.py", "resting.over = True", "pass", "actors/actor_lives"
    ),
    "actors at rest end one after the other": Fault(
        "actors/_floor/_supervisor.py", "elif resting is not None:", "elif False:", "actors/actor_lives"
    ),
    "a nursery that ends never lets others run": Fault(
        "actors/_floor/_supervisor.py", "if number % ENDS_PER_STEP == 0:", "if False:", "actors/actor_lives"
    ),
    "an actor never lets others run": Fault(
        "actors/_floor/_loop.py", "if in_a_row == MESSAGES_PER_STEP:", "if False:", "actors/actor_calls"
    ),
    "a sender never lets others run": Fault(
        "actors/_floor/_ref.py", "if _sent.count >= SENDS_PER_STEP:", "if False:", "actors/actor_calls"
    ),
    "a ring is seen where there is none": Fault(
        "actors/_floor/_rings.py",
        "if slot is None or slot.state is not Wait.OPEN:",
        "if slot is None:",
        "actors/actor_rings",
    ),
    "a timer reaches the next life": Fault(
        "actors/_floor/_timers.py",
        "if actor is not self._life.actor or self._scope.cancel_called:",
        "if self._scope.cancel_called:",
        "actors/actor_timers",
    ),
    "a cancelled timer goes off": Fault(
        "actors/_floor/_timers.py",
        "if actor is not self._life.actor or self._scope.cancel_called:",
        "if actor is not self._life.actor:",
        "actors/actor_timers",
    ),
    "ticks pile up": Fault("actors/_floor/_timers.py", "if self._pending:", "if False:", "actors/actor_timers"),
    "two actors of one name": Fault(
        "actors/_floor/_registry.py", "raise NameTaken(name, self._path)", "pass", "actors/actor_names"
    ),
    "found before it is ready": Fault(
        "actors/_floor/_registry.py",
        "if cell is None or not cell.announced:",
        "if cell is None:",
        "actors/actor_names",
    ),
    "a monitor without a bound": Fault(
        "actors/_floor/_monitor.py", "deque(maxlen=UNREAD)", "deque()", "actors/actor_monitors"
    ),
    "a group is not restarted together": Fault(
        "actors/_floor/_supervisor.py", "recovery.scope.cancel()", "pass", "actors/actor_restarts actors/actor_matrix"
    ),
    "a crash leaves the siblings running": Fault(
        "actors/_floor/_supervisor.py",
        "        self.tasks.cancel_scope.cancel()\n\n\ndef",
        "\n\n\ndef",
        "actors/actor_restarts actors/actor_lives",
    ),
    "a refusal is taken for a crash": Fault(
        "actors/_floor/_actor.py", "return isinstance(error, self.expected)", "return False", "actors/actor_calls"
    ),
    "a crash is taken for a refusal": Fault(
        "actors/_floor/_actor.py", "return isinstance(error, self.expected)", "return True", "actors/actor_calls"
    ),
    "a life that is over holds its actor": Fault(
        "actors/_floor/_cell.py", "life.actor = None", "pass", "actors/nothing_to_collect"
    ),
    "a task that is over holds its life": Fault(
        "actors/_floor/_loop.py",
        "    finally:\n        leave()",
        "    finally:\n        pass",
        "actors/nothing_to_collect",
    ),
}
