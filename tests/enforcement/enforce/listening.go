package main

import (
	"fmt"
	"io"
	"net"
)

// servers are echo servers, each at one address, port and protocol.
type servers struct {
	open map[string]io.Closer
}

func newServers() *servers { return &servers{open: map[string]io.Closer{}} }

func (s *servers) close() {
	for _, server := range s.open {
		server.Close()
	}
}

// listen starts a server, unless there is one.
func (s *servers) listen(at *space, address string, port uint16, protocol string) error {
	where := net.JoinHostPort(address, fmt.Sprint(port))
	if s.open[where+protocol] != nil {
		return nil
	}
	return within(at.handle, func() error {
		if protocol == "udp" {
			socket, err := net.ListenPacket(protocol, where)
			if err != nil {
				return err
			}
			s.open[where+protocol] = socket
			go echoPackets(socket)
			return nil
		}
		socket, err := net.Listen(protocol, where)
		if err != nil {
			return err
		}
		s.open[where+protocol] = socket
		go echoConnections(socket)
		return nil
	})
}

func echoPackets(socket net.PacketConn) {
	buffer := make([]byte, 64)
	for {
		length, from, err := socket.ReadFrom(buffer)
		if err != nil {
			return // closed
		}
		socket.WriteTo(buffer[:length], from)
	}
}

func echoConnections(socket net.Listener) {
	for {
		connection, err := socket.Accept()
		if err != nil {
			return // closed
		}
		go func() {
			io.Copy(connection, connection)
			connection.Close()
		}()
	}
}
