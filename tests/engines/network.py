"""A network of the tests' own: a loopback, and no way out."""

import ctypes
import fcntl
import os
import socket
import struct

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


def free_port() -> int:
    """Return a TCP port of the loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """Whether something listens on *port* of the loopback."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
