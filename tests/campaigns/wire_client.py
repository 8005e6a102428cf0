"""A client to be stopped, cut and killed: the standard library alone, one socket, no thread.

As a program (``wire_client.py HOST PORT TOKEN STEP``) it goes to a step of a session's life, says ``ready`` and then
does what its standard input says: ``bye``, ``close``, ``fin`` or ``rst``. It answers pings as long as it lives.
Instead of a step it takes a way to behave, with a number: ``work 50`` (operations a second), ``stuck 0``, ``flood 0``,
``huge 0``, ``crowd 1000`` (so many sessions, with ten edges each, that live on).
``STEPS`` is also what tests without a socket speak.
"""

import itertools
import json
import select
import selectors
import socket
import struct
import sys
import time

OPEN = ("open", {"name": "mortal"}, True)
EDGES = ("connect_many", {"edges": [["A", f"B{n}"] for n in range(50)]}, True)
UNIT = {"address": "SYS/MINE", "name": "MINE", "component_type": "t.U"}

# What is asked, in order, and whether the answer is waited for.
STEPS = {
    "connected": [],
    "opening": [("open", {"name": "mortal"}, False)],
    "opened": [OPEN],
    "edges": [OPEN, EDGES],
    "scope": [
        OPEN,
        ("open_scope", {"scope": "s"}, True),
        ("connect", {"from_topic": "A", "to_topic": "B", "scope": "s"}, True),
    ],
    "watch": [OPEN, ("watch", {"subscription": 1}, True), EDGES],
    "request": [OPEN, EDGES, ("sync", {}, False), ("upstream", {"topic": "A"}, True)],
    "pause": [OPEN, EDGES, ("pause", {}, True)],
    "asking": [
        OPEN,
        EDGES,
        ("update_settings", {"address": "SYS/SLOW", "values": {"a": 1}}, False),
        ("upstream", {"topic": "A"}, True),
    ],
    "asked": [OPEN, EDGES, ("register_metadata", {"metadata": {"units": {"SYS/MINE": UNIT}}}, True)],
}
# At this step it is there only when this was asked of it.
AWAITED = {"asked": "apply_settings"}

_HANDSHAKE = (
    "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Protocol: trellis.v1\r\nAuthorization: Bearer {token}\r\n\r\n"
)
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10


def request(number, method, params):
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params})


class Client:
    def __init__(self, host, port, token):
        self.place = (host, port, token)
        self.socket = socket.create_connection((host, int(port)))
        self.numbers = itertools.count(1)
        self.data = b""
        self.heard = []
        self.polite = False
        """Whether it says goodbye to a server that does."""
        self.socket.sendall(_HANDSHAKE.format(token=token).encode())
        while b"\r\n\r\n" not in self.data:
            self.receive()
        head, _, self.data = self.data.partition(b"\r\n\r\n")
        assert b" 101 " in head, head

    def receive(self):
        data = self.socket.recv(65536)
        if not data:
            raise SystemExit
        self.data += data

    def send(self, opcode, payload):
        size = len(payload)
        # The shortest form is the only one allowed.
        if size < 126:
            length = bytes([0x80 | size])
        else:
            length = b"\xfe" + struct.pack("!H", size) if size < 65536 else b"\xff" + struct.pack("!Q", size)
        # Masked, as a client must, with the key that changes nothing.
        self.socket.sendall(bytes([0x80 | opcode]) + length + b"\0\0\0\0" + payload)

    def frames(self):
        """Take the whole frames that are here; answers pings."""
        while len(self.data) >= 2:
            size, start = self.data[1], 2
            if size >= 126:
                width = 2 if size == 126 else 8
                size, start = int.from_bytes(self.data[2 : 2 + width], "big"), 2 + width
            if len(self.data) < start + size:
                return
            opcode, payload = self.data[0] & 15, self.data[start : start + size]
            self.data = self.data[start + size :]
            if opcode == _PING:
                self.send(_PONG, payload)
            elif opcode == _CLOSE and self.polite:
                self.send(_CLOSE, payload)
            elif opcode == _TEXT:
                self.heard.append(json.loads(payload))

    def tell(self, method, params):
        number = next(self.numbers)
        self.send(_TEXT, request(number, method, params).encode())
        return number

    def ask(self, method, params):
        number = self.tell(method, params)
        self.wait(lambda document: document.get("id") == number and "method" not in document)

    def wait(self, wanted):
        while True:
            self.frames()
            found = [document for document in self.heard if wanted(document)]
            if found:
                self.heard.clear()
                assert "error" not in found[0], found
                return
            self.receive()

    def go_to(self, step):
        for method, params, answered in STEPS[step]:
            (self.ask if answered else self.tell)(method, params)
        if step in AWAITED:
            self.wait(lambda document: document.get("method") == AWAITED[step])

    def obey(self):
        """Until the server hangs up."""
        inputs = [self.socket, sys.stdin]
        while True:
            for source in select.select(inputs, [], [])[0]:
                if source is self.socket:
                    self.receive()
                    self.frames()
                else:
                    inputs.remove(sys.stdin)
                    self.end(sys.stdin.readline().strip())

    def end(self, how):
        if how == "bye":
            self.tell("close", {})
        if how in ("bye", "close"):
            self.send(_CLOSE, struct.pack("!H", 1000))
        elif how == "fin":
            self.socket.shutdown(socket.SHUT_WR)
        elif how == "rst":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.socket.close()
            raise SystemExit

    def work(self, rate):
        """Hold edges and change them, so many operations a second, until it is killed."""
        self.ask(*OPEN[:2])
        self.ask(*EDGES[:2])
        say("ready")
        began = time.monotonic()
        for turn in itertools.count():
            self.ask("disconnect" if turn % 2 else "connect", {"from_topic": "A", "to_topic": "X"})
            time.sleep(max(0.0, began + turn / rate - time.monotonic()))

    def stuck(self, _):
        """Follow everything, and take nothing."""
        self.go_to("watch")
        say("ready")
        time.sleep(3600)

    def flood(self, _):
        """Ask as fast as the socket takes it."""
        self.go_to("edges")
        say("ready")
        while True:
            for _ in range(100):
                self.tell("upstream", {"topic": "B1"})
            while select.select([self.socket], [], [], 0)[0]:
                self.receive()
                self.frames()
            self.heard.clear()

    def crowd(self, count):
        """Be many, and answer pings until the server has hung up on all of them."""
        members = [self, *(Client(*self.place) for _ in range(int(count) - 1))]
        for number, member in enumerate(members):
            member.polite = True
            member.ask("open", {"name": f"m{number}"})
            member.ask("connect_many", {"edges": [[f"M{number}", f"M{number}/{n}"] for n in range(10)]})
        say("ready")
        with selectors.DefaultSelector() as selector:
            for member in members:
                selector.register(member.socket, selectors.EVENT_READ, member)
            while selector.get_map():
                for key, _ in selector.select():
                    if not key.data.listen():
                        selector.unregister(key.fileobj)

    def listen(self):
        """Take what is here; False when the server has hung up."""
        try:
            self.receive()
            self.frames()
        except (OSError, SystemExit):
            return False
        self.heard.clear()
        return True

    def huge(self, _):
        """Send what is large and wrong as often as it is read, then what is too large."""
        self.go_to("edges")
        say("ready")
        for _ in range(10):
            self.tell("register_metadata", {"metadata": "x" * 900_000})
        self.tell("upstream", {"topic": "x" * 4_000_000})
        self.obey()


def say(word):
    print(word, flush=True)


def main():
    host, port, token, step = sys.argv[1:5]
    client = Client(host, port, token)
    way, _, number = step.partition(" ")
    if number:
        return getattr(client, way)(float(number))
    client.go_to(step)
    say("ready")
    return client.obey()


if __name__ == "__main__":
    try:
        main()
    except (ConnectionError, BrokenPipeError):
        # The server was faster.
        sys.exit(0)
