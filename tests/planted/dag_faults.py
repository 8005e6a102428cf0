"""Faults of the graph with owners: batches that come and go in one step."""

from planting import Fault

FAULTS = {
    "a batch of new topics may run in a circle": Fault(
        "graphmeta/_dag/_dag_levels.py",
        "if stuck := _settle(levels, waits_for, targets):",
        "if stuck := (_settle(levels, waits_for, targets), {})[1]:",
        "graphmeta/dag",
    ),
    "a batch may run in a circle with what is there": Fault(
        "graphmeta/_dag/_dag_levels.py",
        "if stuck := _settle(new, waits_for, targets):",
        "if stuck := (_settle(new, waits_for, targets), {})[1]:",
        "graphmeta/dag",
    ),
    "a refused batch leaves its edges": Fault(
        "graphmeta/_dag/_order.py", "self.remove_all(new)", "pass", "graphmeta/dag"
    ),
    "a batch's topics may be malformed": Fault(
        "graphmeta/_dag/_order.py", "check_topics(unknown)", "pass", "graphmeta/dag"
    ),
    "an end takes what others hold": Fault(
        "graphmeta/_dag/_order.py",
        "if len(ahead) == len(targets) == sum(targets.values()):",
        "if len(ahead) == len(targets):",
        "graphmeta/dag",
    ),
    "a batch is all new to whoever holds a part of it": Fault(
        "graphmeta/_dag/_dag.py",
        "if not others_too and sum(map(len, touched.values())) == len(listed):",
        "if not others_too:",
        "graphmeta/dag",
    ),
    "who let a part go holds it all the same": Fault(
        "graphmeta/_dag/_dag.py",
        "del held[from_topic][to_topic]\n        if not held:",
        "pass\n        if not held:",
        "graphmeta/dag",
    ),
    "a limit comes before the form": Fault(
        "actors/_graph/_ledger/_edges.py",
        "check_edges(edges)\n        holder = self._holder(record, command)\n        bounds",
        "holder = self._holder(record, command)\n        bounds",
        "actors/session_limits",
    ),
}
