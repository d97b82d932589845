"""Senders at once, each with one connection and one batch under way, until the time is over.

``python load.py '{"port": …, "batch": …, "clients": …, "seconds": …, "pace": …}'`` prints one
line of JSON: ``events`` acknowledged in so many ``seconds``, and the ms of each of the ``answers``.
All batches are made before the clock starts; what is left to do is to write and to read.
"""

import json
import select
import socket
import sys
import time
from itertools import islice

import wire

# So many events and requests a second there is no need for more of; should they be taken all the
# same, it is over sooner.
EVENTS, REQUESTS = 40_000, 12_000


class Sender:
    """One connection that is kept."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.began = 0.0

    def fileno(self):
        """For select."""
        return self.socket.fileno()

    def send(self, request, due):
        """Write a request, whose time runs from when it was due."""
        self.began = due
        self.socket.sendall(request)

    def hear(self):
        """Read the answer; ms that it took. SystemExit for any but 200."""
        answer = b""
        while not answer.endswith(b'{"status":"Ok"}'):
            answer += self.socket.recv(65_536)
            if not answer.startswith(b"HTTP/1.1 200 "):
                raise SystemExit(f"not acknowledged: {answer!r}")
        return (time.perf_counter() - self.began) * 1000


def requests(batch, seconds):
    """All requests that there may be time for, and one more."""
    events = wire.messages()
    for _ in range(int(min(EVENTS / batch, REQUESTS) * seconds) + 1):
        body = wire.body(list(islice(events, batch)))
        head = f"POST /batch/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
        kind = "Content-Type: application/json\r\nContent-Encoding: gzip\r\n\r\n"
        yield (head + kind).encode() + body


def load(port, batch, clients, seconds, pace):
    """Send, and say what became of it.

    Each answer is followed by the next batch. With a pace, batches are due at so many events a
    second: whoever is free sends the next, and its time counts from when it was due.
    """
    left = list(requests(batch, seconds))
    free, busy, answers = [Sender(port) for _ in range(clients)], [], []
    free[0].send(left.pop(), 0.0)  # It makes the project.
    free[0].hear()
    began = due = now = time.perf_counter()
    while busy or (left and now < began + seconds):
        while free and left and due <= now < began + seconds:
            # In turn: the server closes a connection on which nothing happens for 5 s.
            busy.append(free.pop(0))
            busy[-1].send(left.pop(), due if pace else now)
            due += batch / pace if pace else 0.0
        patience = due - now if free and left and now < began + seconds else None
        for sender in select.select(busy, [], [], patience)[0]:
            answers.append(sender.hear())
            busy.remove(sender)
            free.append(sender)
        now = time.perf_counter()
    return {"events": batch * len(answers), "seconds": now - began, "answers": answers}


if __name__ == "__main__":
    print(json.dumps(load(**json.loads(sys.argv[1]))))
