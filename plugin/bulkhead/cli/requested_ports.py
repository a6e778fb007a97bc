"""The ports of a question, as they are written on the command line or in a reachability test."""

from bulkhead.core.language.scalars import InvalidValue, Port, quoted
from bulkhead.core.sets import ports
from bulkhead.core.sets.ports import PortSet


def requested_port(text: str) -> Port:
    """
    Return the port that *text* gives by number.

    :raises InvalidValue: where it is no port, or a name.
    """
    port = Port.parse(text)
    if port.name:
        raise InvalidValue(f"port {quoted(text)} is a name", "write the container port's number")
    return Port(port.protocol, 1, ports.LAST) if port.is_whole_protocol else port


def port_set_of(port: Port | None) -> PortSet:
    """Return *port* as a set; all ports where it is ``None``."""
    if port is None:
        return ports.EVERY
    return (
        ports.between(port.protocol) if port.is_whole_protocol else ports.between(port.protocol, port.first, port.last)
    )
