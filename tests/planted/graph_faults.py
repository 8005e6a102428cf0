"""Faults of the graph floor: the ledger, sessions, watches, both ends of the wire, storage."""

from planting import Fault

FAULTS = {
    "the ended may go on": Fault(
        "actors/_graph/_ledger/_ledger.py",
        "raise SessionEnded(str(session))",
        'return Record(session, "", "", 0.0)',
        "actors/ledger_model",
    ),
    "a session's end leaves its edges": Fault(
        "actors/_graph/_ledger/_ledger.py", "self._edges.release(record, draft)", "pass", "actors/session_conformance"
    ),
    "a session's end leaves its components": Fault(
        "actors/_graph/_ledger/_ledger.py",
        "self._components.withdraw(record, draft)",
        "pass",
        "actors/session_conformance",
    ),
    "no end event": Fault(
        "actors/_graph/_ledger/_ledger.py",
        "draft.ended.append(Ended(record.id, record.name, command.reason))",
        "pass",
        "actors/ledger_model",
    ),
    "a release is nobody's deed": Fault(
        "actors/_graph/_ledger/_ledger.py",
        "draft.by = self._records.get(command.by, record) if command.by else record",
        "pass",
        "actors/session_conformance",
    ),
    "the end goes without its own task": Fault(
        "actors/_graph/_session/_session_actor.py",
        "self._service.begin(self._spawn)",
        "pass",
        "actors/session_conformance",
    ),
    "a changed session is shown as it was": Fault(
        "actors/_graph/_ledger/_ledger.py", "record.frozen = None", "pass", "actors/session_conformance"
    ),
    "a scope's end leaves what is inside": Fault(
        "actors/_graph/_ledger/_record.py",
        'inside = [path for path in self.scopes if path == scope or path.startswith(scope and scope + "/")]',
        "inside: list[str] = []",
        "actors/session_conformance",
    ),
    "two scopes of one name": Fault(
        "actors/_graph/_ledger/_edges.py",
        "if command.scope in record.scopes or not name.strip():",
        "if False:",
        "actors/ledger_model",
    ),
    "topics have no bound": Fault(
        "actors/_graph/_ledger/_edges.py", "bounds.check_topics(self._limits, edges)", "pass", "actors/session_limits"
    ),
    "edges have no bound": Fault(
        "actors/_graph/_ledger/_edges.py",
        "if len(self.dag) + len(edges) <= limits.edges and held + len(edges) <= limits.edges_per_session:",
        "if True:",
        "actors/session_limits",
    ),
    "watches have no bound": Fault(
        "actors/_graph/_session/_membership.py",
        'check("watches_per_session", self._graph.limits, len(self._watches) + 1)',
        "pass",
        "actors/session_limits",
    ),
    "an address may be taken twice": Fault(
        "actors/_graph/_ledger/_components.py",
        "self._check_free(new)",
        "pass",
        "actors/session_conformance",
    ),
    "anybody may report settings": Fault(
        "actors/_graph/_ledger/_components.py",
        "self._check_reporter(record, command.address)",
        "pass",
        "actors/live_settings",
    ),
    "settings do not fall back": Fault(
        "actors/_graph/_ledger/_components.py",
        "fallen = self._forget_reports(record, frozenset(record.reported))",
        "fallen = frozenset()",
        "actors/live_settings",
    ),
    "history without a bound": Fault(
        "actors/_graph/_supervisor/_history.py",
        "while len(self._changes) > self._most or self._weight > self._heaviest:",
        "while False:",
        "actors/awkward_sessions",
    ),
    "another epoch goes on as this one": Fault(
        "actors/_graph/_supervisor/_history.py",
        "if epoch is not None and epoch != self._epoch:",
        "if False:",
        "actors/session_conformance",
    ),
    "a slow watcher misses changes in silence": Fault(
        "actors/_graph/_supervisor/_watch.py", "self._restart()", "pass", "actors/slow_watchers"
    ),
    "a slow watcher is borne for ever": Fault(
        "actors/_graph/_supervisor/_watch.py", "if self._missed > self._bound:", "if False:", "actors/slow_watchers"
    ),
    "changes come after the reply that names them": Fault(
        "actors/_graph/_wire/_remote_service.py", "watch.on_item = self.drain", "pass", "actors/session_conformance"
    ),
    "a watch outlives its session": Fault(
        "actors/_graph/_session/_membership.py", "watch.close(failure)", "pass", "actors/session_conformance"
    ),
    "a watch that is over holds who forwarded it": Fault(
        "actors/_graph/_wire/_remote_service.py",
        "self.watch.on_item = nobody",
        "pass",
        "actors/nothing_to_collect",
    ),
    "a session that is over holds its traffic": Fault(
        "actors/_graph/_wire/_remote_service.py", "self._moving.end()", "pass", "actors/nothing_to_collect"
    ),
    "who waits is not told of the end": Fault(
        "actors/_graph/_session/_membership.py", "scope.cancel()", "pass", "actors/live_settings"
    ),
    "the body is not told of the end": Fault(
        "actors/_graph/_session/_body.py", "session.on_ended = scope.cancel", "pass", "actors/session_conformance"
    ),
    "a lost session is lost in silence": Fault(
        "actors/_graph/_session/_body.py",
        "    if session.ending is not None:\n        raise session.ending from None\n\n\ndef",
        "\n\ndef",
        "actors/session_conformance",
    ),
    "no goodbye": Fault(
        "actors/_graph/_wire/_remote.py",
        'await peer.take_leave("close", {})',
        "pass",
        "actors/session_conformance",
    ),
    "a door closes without a word": Fault("transport/_doors/_listen.py", "self.on_closing()", "pass", "actors/halls"),
    "who comes while a door closes is not told": Fault(
        "actors/_graph/_doors/_hall.py", "if self._closing:", "if False:", "actors/halls"
    ),
    "a session's actor outlives its link": Fault(
        "actors/_graph/_doors/_hall.py", "actor.stop_nowait()", "pass", "actors/halls"
    ),
    "Ctrl-C strikes inside a change": Fault(
        "actors/_graph/_supervisor/_supervisor.py",
        "    @trio.lowlevel.enable_ki_protection\n    def _submit(",
        "    def _submit(",
        "actors/interrupted_changes",
    ),
    "a closed graph goes on": Fault(
        "actors/_graph/_supervisor/_supervisor.py",
        "member.end(SessionLost(reason))",
        "pass",
        "actors/session_conformance",
    ),
    "a small registration overtakes a large one": Fault(
        "actors/_graph/_wire/_remote_service.py",
        "async with self._registrations.turn(place):",
        "if True:",
        "actors/awkward_sessions",
    ),
    "undo takes an older change for the last": Fault(
        "actors/_graph/_session/_undo.py", "if value.reported:", "if False:", "actors/live_settings"
    ),
    "answered before it is stored": Fault(
        "actors/_graph/_storage/_journal.py", "    if batch is None:", "    if True:", "actors/persistence"
    ),
    "what failed is not undone": Fault(
        "actors/_graph/_storage/_journal.py", "dict.fromkeys(undo(gone, back), False)", "{}", "actors/persistence"
    ),
    "what came during a failure is not undone": Fault(
        "actors/_graph/_storage/_journal.py",
        "wanted = self._under_way.wanted | self._next.wanted",
        "wanted = self._under_way.wanted",
        "actors/persistence",
    ),
    "the last changes are not stored": Fault(
        "actors/_graph/_storage/_journal.py", "await self._flush()", "pass", "actors/persistence"
    ),
    "an undo is stored as a change": Fault(
        "actors/_graph/_ledger/_edges.py",
        "lost = [edge for edge in command.gone if self.dag.owns(None, edge)]",
        "lost = []",
        "actors/persistence",
    ),
    "a failed write stays half done": Fault(
        "actors/_graph/_storage/_state_file.py", "                self._roll_back()\n", "", "actors/state_file"
    ),
    "anybody's file will do": Fault(
        "actors/_graph/_storage/_state_file.py",
        "_check_header(self.path, os.pread(descriptor, 100, 0))",
        "pass",
        "actors/state_file",
    ),
    "a later format is taken for ours": Fault(
        "actors/_graph/_storage/_state_file.py",
        "if (found := int.from_bytes(header[60:64])) > FORMAT:",
        "if False:",
        "actors/state_file",
    ),
    "a damaged file is read": Fault(
        "actors/_graph/_storage/_state_file.py", 'if verdict != "ok":', "if False:", "actors/state_file"
    ),
    "a file's edges may run in a circle": Fault(
        "actors/_graph/_storage/_state_file.py", "DAG().add_edges(edges)", "pass", "actors/state_file"
    ),
    "guesses take as long as they like": Fault(
        "actors/_graph/_supervisor/_nearest.py", "if len(name) > _LONGEST:", "if False:", "actors/nearest"
    ),
    "the encoded metadata of the ended is kept": Fault(
        "actors/_graph/_supervisor/_plain.py",
        "if self._says(session_id, metadata):",
        "if True:",
        "actors/forgotten",
    ),
    "settings that hold no longer are kept": Fault(
        "actors/_graph/_supervisor/_encoded_settings.py", "if self._hold(settings):", "if True:", "actors/forgotten"
    ),
    "a session that ended is kept in pickles": Fault(
        "actors/_graph/_supervisor/_packed.py",
        "if self._says(session_id, session.metadata):",
        "if True:",
        "actors/forgotten",
    ),
    "the last change that was told is kept": Fault(
        "actors/_graph/_supervisor/_encodings.py",
        "self._newest = None  #",
        "pass  #",
        "actors/forgotten",
    ),
    "the client of a session that crashed waits": Fault(
        "actors/_graph/_doors/_hall.py", "peer.close()", "pass", "actors/halls"
    ),
    "what came over a wire is shown as it came": Fault(
        "actors/_graph/_supervisor/_shown.py", "at_once(self._freeze_slices(snapshot))", "pass", "actors/first_looks"
    ),
    "a change is lost to who gives up while it is frozen": Fault(
        "actors/_graph/_supervisor/_shown.py",
        "await whole_in_slices(kept_slices(freeze_step_slices(item)))",
        "await in_slices(kept_slices(freeze_step_slices(item)))",
        "actors/first_looks",
    ),
    "whoever registered in process can change what others see": Fault(
        "actors/_graph/_session/_service.py", "freeze=True)  #", "freeze=False)  #", "actors/first_looks"
    ),
    "nobody remembers that somebody looks": Fault(
        "actors/_graph/_wire/_remote_service.py",
        "freeze=self._graph.shown.looked_at)",
        "freeze=False)",
        "actors/first_looks",
    ),
    "what is half frozen passes for frozen": Fault(
        "graphmeta/_records/_freezing.py",
        "units, collections = FrozenDict(metadata.units), FrozenDict(metadata.collections)",
        "units, collections = FrozenDict(metadata.units), FrozenDict(metadata.collections)\n"
        '    _put(metadata, "units", units)\n'
        '    _put(metadata, "collections", collections)',
        "actors/first_looks",
    ),
    "a report stays open to change": Fault(
        "actors/_graph/_ledger/_components.py", "freeze_value(value)", "pass", "actors/first_looks"
    ),
    "an address with a token goes another way, with other rights": Fault(
        "actors/_graph/_doors/_open.py",
        "_as_found(way) if token is None else way",
        "_as_found(way)",
        "actors/addresses",
    ),
    "who asks for TLS gets none": Fault(
        "actors/_graph/_doors/_open.py",
        'ticket.socket if way.url.startswith("ws://") else ""',
        "ticket.socket",
        "actors/addresses",
    ),
    "a command connects what does not fit": Fault(
        "actors/_cli/_edges.py", "raise StreamsDoNotFit(clashes)", "pass", "cli/demo"
    ),
}
