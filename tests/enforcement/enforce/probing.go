package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	limit  = 10 * time.Second // for a connection; what takes longer is "timeout", which is no verdict
	resend = time.Second      // UDP may lose a packet
	atOnce = 64               // probes: a TCP connection over IPv6 that is refused may take a second
)

// aim is a probe with its ends found.
type aim struct {
	from     *end
	address  string
	protocol string
}

// prepare finds a probe's ends and has a server listen where it leads to.
func (n *network) prepare(p Probe) (aim, error) {
	from := n.ends[p.From]
	if from == nil {
		return aim{}, fmt.Errorf("nobody is called %q", p.From)
	}
	if p.Protocol != "tcp" && p.Protocol != "udp" {
		return aim{}, fmt.Errorf("protocol %q cannot be tried here", p.Protocol)
	}
	to, address, port, err := n.target(p)
	if err != nil {
		return aim{}, err
	}
	if err := n.acquaint(from, to); err != nil {
		return aim{}, err
	}
	if err := n.serving.listen(to.space, ofFamily(to.addresses, p.Family), port, p.Protocol); err != nil {
		return aim{}, err
	}
	return aim{from, net.JoinHostPort(address, fmt.Sprint(p.Port)), p.Protocol}, nil
}

// target returns who answers a probe, at which port, and the address that the probe is sent to.
func (n *network) target(p Probe) (to *end, address string, port uint16, err error) {
	if to = n.ends[p.To]; to != nil {
		if address = ofFamily(to.addresses, p.Family); address != "" {
			return to, address, p.Port, nil
		}
	}
	for _, f := range n.services[p.To] {
		if port, open := f.ports[fmt.Sprintf("%d/%s", p.Port, p.Protocol)]; open && family(f.address) == p.Family {
			return f.backend, f.address, port, nil
		}
	}
	return nil, "", 0, fmt.Errorf("nobody is called %q with an address of IPv%d and port %d/%s", p.To, p.Family, p.Port, p.Protocol)
}

// tryAll returns what comes of each connection.
func tryAll(aims []aim) []string {
	results := make([]string, len(aims))
	var running sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for i, a := range aims {
		running.Add(1)
		slots <- struct{}{}
		go func() {
			defer running.Done()
			results[i] = a.try()
			<-slots
		}()
	}
	running.Wait()
	return results
}

// try opens a connection, sends four bytes and waits for their echo.
func (a aim) try() string {
	var connection net.Conn
	err := within(a.from.space.handle, func() (err error) {
		connection, err = net.DialTimeout(a.protocol, a.address, limit)
		return err
	})
	if err == nil {
		err = exchange(connection, a.protocol == "udp")
		connection.Close()
	}
	switch {
	case err == nil:
		return "open"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case os.IsTimeout(err):
		return "timeout"
	}
	return err.Error()
}

func exchange(connection net.Conn, again bool) error {
	until := time.Now().Add(limit)
	for {
		next := until
		if again {
			next = time.Now().Add(resend)
		}
		connection.SetDeadline(next)
		_, err := connection.Write([]byte("ping"))
		if err == nil {
			_, err = io.ReadFull(connection, make([]byte, 4))
		}
		if !os.IsTimeout(err) || time.Now().After(until) {
			return err
		}
	}
}
