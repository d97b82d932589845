"""Whose program is at the other end of a connection within this machine, by the kernel's word."""

import os
import socket
import sys
from ipaddress import ip_address

_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
_ESTABLISHED = "01"
# Of a line's columns.
_ENDS, _STATE, _OWNER = slice(1, 3), 3, 7


def can_tell() -> bool:
    """Whether the kernel says it: Linux does."""
    return os.access(_TABLES[0], os.R_OK)


def is_own(connection: socket.socket) -> bool:
    """Whether the program at the other end runs for the user that this one runs for."""
    # Twice: a table that changes while it is read may leave out a line.
    owner = _owner(connection) or _owner(connection)
    return owner is not None and owner == os.geteuid()


def _owner(connection: socket.socket) -> int | None:
    """The user ID; None if it cannot be told."""
    try:
        pair = [end[:2] for end in (connection.getpeername(), connection.getsockname())]
        wanted = [[_listed(*end) for end in pair]]
        if connection.family == socket.AF_INET:
            # A program with one socket for both families is listed by IPv4 within IPv6.
            wanted.append([_listed(f"::ffff:{host}", port) for host, port in pair])
        for table in _TABLES:
            with open(table, encoding="utf-8") as lines:
                for line in lines:
                    words = line.split()
                    if words[_ENDS] in wanted and words[_STATE] == _ESTABLISHED:
                        return int(words[_OWNER])
    except (OSError, ValueError):  # it is gone, or there is no such table
        return None
    return None


def _listed(address: str, port: int) -> str:
    """One end as the tables have it: words of 32 bits in this machine's order of bytes."""
    packed = ip_address(address).packed
    words = (packed[n : n + 4] for n in range(0, len(packed), 4))
    digits = "".join(f"{int.from_bytes(word, sys.byteorder):08X}" for word in words)
    return f"{digits}:{port:04X}"
