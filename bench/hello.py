"""A server that answers each request at once, and looks at nothing: what the senders can send.

``python hello.py`` prints its port, and ends when its standard input does.
"""

import asyncio
import re
import sys

ANSWER = (
    b"HTTP/1.1 200 OK\r\ncontent-length: 15\r\ncontent-type: application/json\r\n\r\n"
    b'{"status":"Ok"}'
)
LENGTH = re.compile(rb"Content-Length: (\d+)")


class Hello(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport):
        """Nothing has come yet."""
        self.transport, self.left, self.head = transport, 0, b""

    def data_received(self, data):
        """Answer once a body has come, of which nothing is kept."""
        if not self.left:
            self.head += data
            head, end, body = self.head.partition(b"\r\n\r\n")
            if not end:
                return
            self.left, self.head, data = int(LENGTH.search(head)[1]), b"", body
        self.left -= len(data)
        if not self.left:
            self.transport.write(ANSWER)


async def main():
    """Until whoever has started it is gone."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Hello, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
