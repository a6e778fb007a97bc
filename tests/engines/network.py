"""A network of the tests' own: a loopback, and no way out."""

import ctypes
import fcntl
import os
import socket
import struct
from pathlib import Path

NEW_NETWORK = 0x40000000  # CLONE_NEWNET
READ_FLAGS, WRITE_FLAGS, UP = 0x8913, 0x8914, 1  # SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP


def leave() -> str:
    """
    Move this process, and what it starts, into a network that has nothing but a loopback; return why not, or nothing.

    Some engines listen on every address that there is, and an overlay under test must not be able to fetch anything.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(NEW_NETWORK) != 0:
        return f"a network of the tests' own cannot be made: {os.strerror(ctypes.get_errno())} (this needs root)"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        asked = struct.pack("16sH14s", b"lo", 0, b"")
        flags = struct.unpack("16sH14s", fcntl.ioctl(control, READ_FLAGS, asked))[1]
        fcntl.ioctl(control, WRITE_FLAGS, struct.pack("16sH14s", b"lo", flags | UP, b""))
    return ""


_PORTS = iter(range(20_000, 30_000))  # below those from which the kernel takes one for a connection


def free_port() -> int:
    """Return a TCP port of the loopback that nothing listens on, and that nobody else in this network is given."""
    return next(_PORTS)


def accepts(path: Path) -> bool:
    """Whether something listens on the socket *path*: it is there before that."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def answers(port: int) -> bool:
    """Whether something listens on *port* of the loopback."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
