package main

import (
	"fmt"
	"net"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// quiet is for every namespace: addresses of IPv6 are usable at once.
var quiet = map[string]string{"ipv6/conf/all/accept_dad": "0", "ipv6/conf/default/accept_dad": "0"}

// routing is for nodes. Refusals are ICMP messages, so these must not be rationed.
var routing = map[string]string{
	"ipv6/conf/all/accept_dad": "0", "ipv6/conf/default/accept_dad": "0",
	"ipv4/ip_forward": "1", "ipv6/conf/all/forwarding": "1",
	"bridge/bridge-nf-call-iptables": "1", "bridge/bridge-nf-call-ip6tables": "1",
	"ipv4/icmp_ratemask": "0", "ipv6/icmp/ratelimit": "0", "ipv6/icmp/ratemask": "",
}

// machine is a node: a namespace on the fabric, a bridge for its pods, and an enforcer.
type machine struct {
	node      Node
	space     *space
	eth0      netlink.Link
	port      netlink.Link
	cni0      *bridge
	gateways  []string
	enforcer  *child
	conntrack *netlink.Handle
	served    bool // it has had rules for Services
}

func newMachine(node Node, fabric *bridge) (*machine, error) {
	m := &machine{node: node}
	var err error
	if m.space, err = newSpace(routing); err != nil {
		return nil, err
	}
	if m.eth0, m.port, err = fabric.plug(m.space, hardware(node.Addresses[0])); err != nil {
		return nil, err
	}
	for _, address := range node.Addresses {
		if err := m.space.address(m.eth0, alone(address)); err != nil {
			return nil, err
		}
		if err := m.space.route(everywhere(address), m.eth0, ""); err != nil { // a node's routes end in one to its router
			return nil, err
		}
	}
	if err := m.addBridge(); err != nil {
		return nil, err
	}
	if m.conntrack, err = netlink.NewHandleAt(m.space.handle, unix.NETLINK_NETFILTER); err != nil {
		return nil, err
	}
	if err := m.translate(); err != nil {
		return nil, err
	}
	m.enforcer, err = startChild(node, m.space.handle)
	return m, err
}

// addBridge makes cni0 as flannel does: it has the first address of the node's range of pods.
func (m *machine) addBridge() error {
	first, _, err := gateway(m.node.Pods[0])
	if err != nil {
		return err
	}
	if m.cni0, err = newBridge(m.space, "cni0", hardware(first)); err != nil {
		return err
	}
	for _, cidr := range m.node.Pods {
		own, network, err := gateway(cidr)
		if err != nil {
			return err
		}
		if err := m.space.address(m.cni0.link, &net.IPNet{IP: net.ParseIP(own), Mask: network.Mask}); err != nil {
			return err
		}
		m.gateways = append(m.gateways, own)
	}
	return nil
}

// meet makes the way from a node to another and to its pods, as flannel's host-gw does.
func (m *machine) meet(other Node) error {
	for _, address := range other.Addresses {
		if err := m.space.route(alone(address), m.eth0, ""); err != nil {
			return err
		}
	}
	for _, cidr := range other.Pods {
		_, network, err := gateway(cidr)
		if err != nil {
			return err
		}
		if err := m.space.route(network, m.eth0, ofFamily(other.Addresses, family(cidr))); err != nil {
			return err
		}
	}
	return nil
}

// forget ends all connections that the node keeps track of: what is established passes every policy.
func (m *machine) forget() error {
	if err := m.conntrack.ConntrackTableFlush(netlink.ConntrackTable); err != nil {
		return fmt.Errorf("connections of %s: %w", m.node.Name, err)
	}
	return nil
}

func (m *machine) stop(fabric *bridge) error {
	m.enforcer.stop()
	m.conntrack.Close()
	m.space.close()
	return fabric.unplug(m.port)
}
