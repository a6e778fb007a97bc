package main

import (
	"fmt"
	"net"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// bridge is a switch in a network namespace.
type bridge struct {
	at    *space
	link  netlink.Link
	ports int
}

func newBridge(at *space, name string, mac net.HardwareAddr) (*bridge, error) {
	off := false
	made := &netlink.Bridge{
		LinkAttrs:         netlink.LinkAttrs{Name: name, HardwareAddr: mac, TxQLen: 1000},
		MulticastSnooping: &off, // there is nobody to ask who listens
	}
	if err := at.links.LinkAdd(made); err != nil {
		return nil, fmt.Errorf("bridge %s: %w", name, err)
	}
	return &bridge{at: at, link: made}, at.links.LinkSetUp(made)
}

// plug joins a namespace to the bridge by its interface eth0.
func (b *bridge) plug(s *space, mac net.HardwareAddr) (eth0 netlink.Link, port netlink.Link, err error) {
	b.ports++
	veth := &netlink.Veth{
		LinkAttrs:        netlink.LinkAttrs{Name: fmt.Sprintf("veth%d", b.ports), MasterIndex: b.link.Attrs().Index, TxQLen: 1000},
		PeerName:         "eth0",
		PeerHardwareAddr: mac,
		PeerNamespace:    netlink.NsFd(s.handle),
	}
	if err := b.at.links.LinkAdd(veth); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", veth.Name, err)
	}
	if err := b.at.links.LinkSetUp(veth); err != nil {
		return nil, nil, err
	}
	if err := b.at.links.LinkSetHairpin(veth, true); err != nil {
		return nil, nil, err
	}
	eth0, err = s.links.LinkByName("eth0")
	if err != nil {
		return nil, nil, err
	}
	return eth0, veth, s.links.LinkSetUp(eth0)
}

func (b *bridge) unplug(port netlink.Link) error { return b.at.links.LinkDel(port) }

// address gives an interface an address, usable at once.
func (s *space) address(link netlink.Link, network *net.IPNet) error {
	flags := 0
	if network.IP.To4() == nil {
		flags = unix.IFA_F_NODAD
	}
	return s.links.AddrAdd(link, &netlink.Addr{IPNet: network, Flags: flags})
}

// route leads to a network by an interface: to its neighbours, or through a gateway.
func (s *space) route(to *net.IPNet, link netlink.Link, through string) error {
	route := &netlink.Route{Dst: to, LinkIndex: link.Attrs().Index}
	if through == "" {
		route.Scope = netlink.SCOPE_LINK
	} else {
		route.Gw, route.Flags = net.ParseIP(through), int(netlink.FLAG_ONLINK)
	}
	if err := s.links.RouteReplace(route); err != nil {
		return fmt.Errorf("route to %v: %w", to, err)
	}
	return nil
}

// knows makes a neighbour's MAC known for good. What is learned instead goes into one table of 1,024
// entries for the whole kernel, which some 30 pods that all talk to each other fill.
func (s *space) knows(link netlink.Link, address string, mac net.HardwareAddr) error {
	return s.links.NeighSet(&netlink.Neigh{
		LinkIndex: link.Attrs().Index, IP: net.ParseIP(address), HardwareAddr: mac, State: netlink.NUD_PERMANENT,
	})
}
