"""Faults of the transport: the handshake, frames, limits, deadlines, records."""

from planting import Fault

FAULTS = {
    "any Origin may connect": Fault(
        "transport/_doors/_policy.py", "    _origin,\n", "", "transport/hostile_handshakes"
    ),
    "any Host may connect": Fault("transport/_doors/_policy.py", "    _host,\n", "", "transport/hostile_handshakes"),
    "no token is needed": Fault("transport/_doors/_policy.py", "    _token,\n", "", "transport/hostile_handshakes"),
    "no subprotocol is needed": Fault(
        "transport/_doors/_policy.py", "    _subprotocol,\n", "", "transport/hostile_handshakes"
    ),
    "plain text off loopback": Fault(
        "transport/_doors/_policy.py",
        "return tls or self.insecure or is_loopback(host)",
        "return True",
        "transport/connect",
    ),
    "a token in plain text": Fault(
        "transport/_doors/_connect.py",
        "if not (address.tls or insecure or is_loopback(address.host)):",
        "if False:",
        "transport/connect",
    ),
    "no deadline for the handshake": Fault(
        "transport/_doors/_websocket_door.py",
        "deadline = trio.current_time() + loop.limits.handshake_seconds",
        "deadline = 1e9",
        "transport/hostile_handshakes",
    ),
    "no room is made for honest handshakes": Fault(
        "transport/_doors/_listen.py",
        'oldest.abort("too many unfinished handshakes")',
        "pass",
        "transport/hostile_handshakes",
    ),
    "the house is never full": Fault(
        "transport/_doors/_listen.py",
        "if len(self._admitted) >= self.limits.sessions:",
        "if False:",
        "transport/hostile_handshakes",
    ),
    "a peer's fault ends the server": Fault(
        "transport/_doors/_listen.py", "rest = unexpected(error, EXPECTED)", "rest = error", "transport/connect"
    ),
    "a bug ends only its connection": Fault(
        "transport/_doors/_listen.py",
        "EXPECTED = (LinkClosed, LinkLost, ProtocolError)",
        "EXPECTED = (Exception,)",
        "transport/connect",
    ),
    "the library's errors leave": Fault(
        "transport/_doors/_websocket.py",
        "except* Exception as group:",
        "except* KeyError as group:",
        "transport/connect",
    ),
    "the body's exception leaves in a group": Fault(
        "transport/_link/_stream_link.py", "with single_as_itself():", "if True:", "transport/connect"
    ),
    "nothing is metered": Fault(
        "transport/_link/_guard.py",
        "            self._measure(self.meter, data)\n        return data",
        "            pass\n        return data",
        "transport/hostile_frames",
    ),
    "why somebody went is not heard": Fault(
        "transport/_link/_guard.py", "            self._keep_last_words(self._socket)\n", "", "transport/guard"
    ),
    "empty fragments are free": Fault(
        "transport/_doors/_ws_meter.py", "self._fragments += 1", "pass", "transport/hostile_frames"
    ),
    "control frames are free": Fault(
        "transport/_doors/_ws_meter.py", "if self._control < 0:", "if False:", "transport/hostile_frames"
    ),
    "a send may take for ever": Fault(
        "transport/_link/_guard.py",
        "with trio.move_on_after(self._send_seconds) as deadline:",
        "with trio.CancelScope() as deadline:",
        "transport/guard",
    ),
    "a cancelled send goes on": Fault(
        "transport/_link/_guard.py", 'self.abort("a send was interrupted")', "pass", "transport/guard"
    ),
    "frames have no limit": Fault(
        "transport/_doors/_ws_frames.py", "if len(payload) > self._largest:", "if False:", "transport/links"
    ),
    "the library reads what comes after its head": Fault(
        "transport/_doors/_websocket.py",
        "if HEAD_END in self._head and not is_refusal(self._head):",
        "if False:",
        "transport/threshold",
    ),
    "a goodbye is not answered": Fault(
        "transport/_link/_stream_link.py",
        "if not self._said_goodbye:\n            with",
        "if False:\n            with",
        "transport/hostile_frames",
    ),
    "a unix frame has no limit": Fault(
        "transport/_doors/_unix.py", "if end - start > self._limit:", "if False:", "transport/wire_meters"
    ),
    "memory may be taken away from under its reader": Fault(
        "transport/_bypass/_memory_files.py",
        "if not seals & fcntl.F_SEAL_SHRINK:",
        "if False:",
        "transport/hostile_bypass",
    ),
    "a memory file may be of any size": Fault(
        "transport/_bypass/_memory_files.py",
        "if size != file_size(size) or size > most:",
        "if False:",
        "transport/hostile_bypass",
    ),
    "a memory file is filled while it is in use": Fault(
        "transport/_bypass/_their_files.py",
        "if file is None or file.lent or size",
        "if file is None or size",
        "transport/hostile_bypass",
    ),
    "memory files are made without bound": Fault(
        "transport/_bypass/_own_files.py",
        "if self.made + file_size(size) > self.most or self._count >= FILES:",
        "if False:",
        "transport/bypass",
    ),
    "no room is kept for a file that comes": Fault(
        "transport/_bypass/_bypass_words.py", "with self._room:", "if True:", "transport/bypass"
    ),
    "a map of memory keeps a descriptor": Fault(
        "transport/_bypass/_memory_files.py",
        "memory = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)",
        "memory = mmap.mmap(descriptor, size)",
        "transport/bypass",
    ),
    "a fork gives back what its parent looks at": Fault(
        "transport/_bypass/_their_files.py", "if os.getpid() != self._process:", "if False:", "transport/bypass"
    ),
    "a polite end tears what had begun to leave": Fault(
        "transport/_link/_stream_link.py",
        "or self._said_goodbye or self._sending:",
        "or self._said_goodbye:",
        "transport/links",
    ),
    "a goodbye is said twice": Fault(
        "transport/_link/_stream_link.py", "self._said_goodbye = bool(goodbye)", "pass", "transport/links"
    ),
    "who takes leave is cancelled in the middle": Fault(
        "transport/_peer/_calls.py",
        "wait_task_rescheduled(_stay)",
        "wait_task_rescheduled(self._leave)",
        "transport/peer_ends",
    ),
    "who takes leave of a mute peer waits for ever": Fault(
        "transport/_peer/_peer.py",
        "self.hurry(self.limits.close_seconds)\n        self._last",
        "self._last",
        "transport/peer_ends",
    ),
    "a task that began in the last turn is waited for": Fault(
        "transport/_peer/_serving.py",
        "                if self._over:\n                    self._tasks.cancel_scope.cancel()\n",
        "",
        "transport/peer_ends",
    ),
    "who leaves is seen off before the next is answered": Fault(
        "transport/_peer/_peer.py", "if self._close_next and self._last is None:", "if False:", "transport/peer_ends"
    ),
    "what was asked too early never leaves": Fault(
        "transport/_peer/_serving.py",
        "self._early: list[Task] | None = []",
        "self._early: list[Task] | None = None",
        "transport/peer_ends",
    ),
    "a cancellation comes between a shielded connection and its tasks": Fault(
        "transport/_peer/_serving.py", "self._tasks.cancel_scope.shield = self._shielded", "pass", "transport/peer_ends"
    ),
    "a bug in a task waits until a shielded connection ends": Fault(
        "transport/_peer/_serving.py",
        "await self._read(shielded=False)",
        "await self._read(shielded=self._shielded)",
        "transport/peer_ends",
    ),
    "what is left over waits behind a sign of life": Fault(
        "transport/_link/_stream_link.py", "elif self._sending:", "elif False:", "transport/sending_rest"
    ),
    "whoever sends the rest is not woken for it": Fault(
        "transport/_link/_stream_link.py",
        "            self._free.unpark_all()\n            self._rouse()",
        "            self._rouse()",
        "transport/sending_rest",
    ),
    "a door that finds no room for a connection falls": Fault(
        "transport/_doors/_listen.py", "if error.errno not in _NO_ROOM:", "if True:", "transport/connect"
    ),
    "a polite end is none where a caller reads": Fault(
        "transport/_peer/_peer.py", "polite=reason is _CLOSED", "polite=False", "transport/reading"
    ),
    "a character is one byte": Fault(
        "transport/_documents/_fragments.py",
        "cost = _bytes_of(piece) + 64",
        "cost = len(piece) + 64",
        "transport/wire_outbox",
    ),
    "bytes beside the link are passed on unseen": Fault(
        "actors/_data/_letter.py", "            check_unseen(raw)\n", "", "runtime/beside_doors"
    ),
    "a message may be nested as deep as its reader's stack": Fault(
        "actors/_data/_letter.py",
        "            check_found(raw, self._form)\n",
        "            pass\n",
        "runtime/beside_doors",
    ),
    "what comes beside a link may be of any size": Fault(
        "transport/_bypass/_their_files.py", "if size > self._largest:", "if False:", "runtime/beside_doors"
    ),
    "what comes late keeps its memory": Fault(
        "actors/_graph/_wire/_traffic.py",
        "            came = told_messages(",
        "            came = inflow and told_messages(",
        "runtime/beside_doors",
    ),
    "a message overtakes what is said in the same step": Fault(
        "transport/_peer/_sender.py",
        "at_once = hurry and not self._held if bulk else hurry or self._held",
        "at_once = hurry or self._held",
        "transport/peer_flow",
    ),
    "a number beside the link is passed on": Fault(
        "actors/_graph/_wire/_pump.py",
        "if bypass is None or len(told) != _BESIDE.size:",
        "if bypass is None:\n        return told\n    if len(told) != _BESIDE.size:",
        "runtime/beside_doors",
    ),
    "a crowd before the door is taken for a beginning": Fault(
        "transport/_doors/_unix_door.py",
        "return await _connect(os.fspath(place))",
        "return await trio.open_unix_socket(place)",
        "transport/unix_door",
    ),
    "anybody's process may connect": Fault(
        "transport/_doors/_unix_door.py", "if uid != os.geteuid():", "if False:", "transport/unix_door"
    ),
    "anybody may enter the directory": Fault(
        "transport/_doors/_unix_door.py", "if stat.S_IMODE(found.st_mode) & 0o077:", "if False:", "transport/unix_door"
    ),
    "a living server is replaced": Fault(
        "transport/_doors/_unix_door.py",
        'raise _cannot_listen(place, "another server listens there already")',
        "pass",
        "transport/unix_door",
    ),
    "silence is borne": Fault(
        "transport/_peer/_heartbeat.py", "if self._link.last_heard < self._asked:", "if False:", "transport/heartbeat"
    ),
    "our own pause is the peer's fault": Fault(
        "transport/_peer/_heartbeat.py", "if now - over > _LATE:", "if False:", "transport/heartbeat"
    ),
    "whoever answered once has a round more": Fault(
        "transport/_peer/_heartbeat.py",
        "max(trio.current_time(), self._link.last_heard + self._interval)",
        "trio.current_time() + self._interval",
        "transport/heartbeat",
    ),
    "an answer is looked for at the end only": Fault(
        "transport/_peer/_heartbeat.py",
        "min(soon, self._asked + self._timeout)",
        "self._asked + self._timeout",
        "transport/heartbeat",
    ),
    "a task gives a silent peer more time": Fault(
        "transport/_peer/_serving.py",
        "        while self.goes_on:\n            due",
        "        self._heartbeat = Heartbeat(self._link, self._limits)\n        while self.goes_on:\n            due",
        "transport/heartbeat",
    ),
    "a reply overtakes a change": Fault(
        "transport/_peer/_sender.py",
        "return self._free and self._link.ready",
        "return self._link.ready",
        "transport/peer",
    ),
    "messages are not bulk": Fault(
        "transport/_peer/_outbox.py", "lane = Lane.BULK if bulk else", "lane =", "transport/wire_outbox"
    ),
    "the outbox has no bound": Fault(
        "transport/_peer/_outbox.py",
        "if self._waiting[bulk] >= self._bound(bulk):",
        "if False:",
        "transport/wire_outbox",
    ),
    "calls outlive the link": Fault(
        "transport/_peer/_peer.py", "self._calls.fail_all(LinkLost(reason))", "pass", "transport/peer"
    ),
    "a cancelled call is not told": Fault(
        "transport/_peer/_peer.py", 'self.notify(CANCEL, {"id": call.id})', "pass", "transport/peer"
    ),
    "any number may wait": Fault(
        "transport/_peer/_requests.py",
        'self._check("requests_in_flight", len(self._waiting))',
        "pass",
        "transport/peer",
    ),
    "what waits may take any room": Fault(
        "transport/_peer/_requests.py", 'self._check("waiting_bytes", self._waiting_bytes)', "pass", "transport/peer"
    ),
    "an id may be in flight twice": Fault(
        "transport/_peer/_requests.py", "if request.id in self._waiting:", "if False:", "transport/hostile_frames"
    ),
    "an unknown error is swallowed": Fault(
        "transport/_peer/_requests.py",
        "if error not in self._errors:\n            raise error",
        "if error not in self._errors:\n            return",
        "transport/peer",
    ),
    "towers are taken": Fault(
        "transport/_documents/_nesting.py",
        'raise Undecodable(f"nested more than {limit} deep")',
        "return",
        "transport/hostile_frames",
    ),
    "a recursion error leaves": Fault(
        "transport/_documents/_codec.py", "except RecursionError:", "except KeyError:", "transport/hostile_frames"
    ),
    "bombs are decoded": Fault(
        "transport/_documents/_codec.py",
        "if not fits_into(memoryview(self._encoded()), most, text=self._codec.text):",
        "if False:",
        "transport/wire_records",
    ),
    "transfers have no bound": Fault(
        "transport/_documents/_fragments.py", "if self._bytes > self._max_bytes:", "if False:", "transport/wire_outbox"
    ),
    "a fragment may hold a fragment": Fault(
        "transport/_peer/_receiver.py",
        'raise ProtocolError("a fragment of a fragment")',
        "return None",
        "transport/hostile_frames",
    ),
    "the opening may take for ever": Fault(
        "transport/_peer/_opening.py",
        "trio.current_time() + limits.open_seconds",
        "trio.current_time() + 1e9",
        "transport/opening",
    ),
    "the token for reading is for everything": Fault(
        "transport/_doors/_policy.py",
        "return self.read_token is not None and _same(_bearer(head), self.read_token)",
        "return False",
        "transport/connect",
    ),
    "readers may change things": Fault(
        "transport/_service/_service.py",
        "if self._read_only and not method.reads:",
        "if False:",
        "transport/wire_service",
    ),
    "what a caller meets at the link is lost": Fault(
        "transport/_peer/_reading.py", "self._fault = error", "pass", "transport/reading"
    ),
    "a caller's tasks are his own": Fault(
        "transport/_peer/_reading.py",
        "self._reader.context.run(take, frame)",
        "take(frame)",
        "transport/reading",
    ),
    "a connection that is over holds whom it served": Fault(
        "transport/_peer/_serving.py", "del self._take_all, self._give_up", "pass", "actors/nothing_to_collect"
    ),
    "a connection that is over holds its service": Fault(
        "transport/_peer/_peer.py", "self._receiver.forget()", "pass", "actors/nothing_to_collect"
    ),
    "a request with a member too many is read in one go": Fault(
        "transport/_service/_whole_requests.py",
        "if frame[:1] != _FOUR_MEMBERS:",
        "if not frame:",
        "transport/whole_requests",
    ),
    "what may be of any size is read in one go": Fault(
        "transport/_service/_whole_requests.py", " or is_open_ended(method.params)", "", "transport/whole_requests"
    ),
    "who may go deeper himself thinks that others can": Fault(
        "actors/_data/_sound.py",
        "levels = max(limit - _MOST_LEVELS, limit // 2)",
        "levels = _MOST_LEVELS",
        "runtime/beside_doors",
    ),
}
