package main

import (
	"fmt"
	"net"
	"slices"

	"github.com/vishvananda/netlink"
	corev1 "k8s.io/api/core/v1"
)

// end is who a connection can start at or go to.
type end struct {
	space     *space
	addresses []string
	eth0      netlink.Link // of a pod on its node's bridge
	on        *bridge
	port      netlink.Link // the other side of eth0; nil: it shares a node's network
}

// network is what the nodes of a lab stand in, and one cluster at a time.
//
// The fabric is one segment with the nodes and the machines outside, each with routes to all others.  Pods
// hang on the bridge of their node.
type network struct {
	fabric   *bridge
	machines []*machine
	pods     []*corev1.Pod
	ends     map[string]*end
	services map[string][]front
	outside  []Host
	serving  *servers
}

func newNetwork(nodes []Node) (*network, error) {
	n := &network{}
	home, err := newSpace(quiet)
	if err != nil {
		return nil, err
	}
	if n.fabric, err = newBridge(home, "fabric", hardware("192.0.2.1")); err != nil {
		return nil, err
	}
	for _, node := range nodes {
		if len(node.Addresses) == 0 || len(node.Addresses) != len(node.Pods) {
			return nil, fmt.Errorf("node %s: an address and a range of pods are needed for each family", node.Name)
		}
		m, err := newMachine(node, n.fabric)
		if err != nil {
			return nil, fmt.Errorf("node %s: %w", node.Name, err)
		}
		n.machines = append(n.machines, m)
	}
	return n, n.everyMachine(func(m *machine) error {
		for _, other := range nodes {
			if other.Name != m.node.Name {
				if err := m.meet(other); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// everyMachine does something with all nodes at a time.
func (n *network) everyMachine(f func(*machine) error) error {
	done := make(chan error)
	for _, m := range n.machines {
		go func() { done <- f(m) }()
	}
	var failed error
	for range n.machines {
		if err := <-done; err != nil {
			failed = err
		}
	}
	return failed
}

// populate makes pods, hosts and Services, in place of those that were there.
func (n *network) populate(all Objects, hosts []Host) error {
	if err := n.clear(); err != nil {
		return err
	}
	for _, m := range n.machines {
		n.ends[m.node.Name] = &end{space: m.space, addresses: m.node.Addresses}
		n.ends["bridge:"+m.node.Name] = &end{space: m.space, addresses: m.gateways}
	}
	n.outside = hosts
	for _, host := range hosts {
		if err := n.addHost(host); err != nil {
			return fmt.Errorf("host %s: %w", host.Name, err)
		}
	}
	n.pods = all.Pods
	for _, pod := range all.Pods {
		if err := n.addPod(pod); err != nil {
			return fmt.Errorf("pod %s: %w", key(pod), err)
		}
	}
	return n.addServices(all.Services)
}

func (n *network) clear() error {
	if n.serving != nil {
		n.serving.close()
	}
	for _, e := range n.ends {
		if e.port != nil {
			if err := e.on.unplug(e.port); err != nil {
				return err
			}
			e.space.close()
		}
	}
	n.ends, n.services, n.serving = map[string]*end{}, map[string][]front{}, newServers()
	return nil
}

func (n *network) add(name string, e *end) error {
	if _, taken := n.ends[name]; taken {
		return fmt.Errorf("there are two of this name")
	}
	n.ends[name] = e
	return nil
}

// addPod puts a pod on its node: the one that has its hostIP, or the first.
func (n *network) addPod(pod *corev1.Pod) error {
	m := n.machines[0]
	if pod.Status.HostIP != "" {
		at := slices.IndexFunc(n.machines, func(m *machine) bool { return slices.Contains(m.node.Addresses, pod.Status.HostIP) })
		if at < 0 {
			return fmt.Errorf("no node has its hostIP %s", pod.Status.HostIP)
		}
		m = n.machines[at]
	}
	pod.Status.HostIP = m.node.Addresses[0]
	if pod.Spec.HostNetwork {
		pod.Status.PodIP, pod.Status.PodIPs = m.node.Addresses[0], nil
		for _, address := range m.node.Addresses {
			pod.Status.PodIPs = append(pod.Status.PodIPs, corev1.PodIP{IP: address})
		}
		return n.add(key(pod), &end{space: m.space, addresses: m.node.Addresses})
	}
	var addresses []string
	for _, ip := range pod.Status.PodIPs {
		addresses = append(addresses, ip.IP)
	}
	if len(addresses) == 0 {
		return fmt.Errorf("it has no address")
	}
	e, err := m.attach(addresses)
	if err != nil {
		return err
	}
	return n.add(key(pod), e)
}

// attach makes a pod's network: its neighbours are the pods of its node, the way out is the node.
func (m *machine) attach(addresses []string) (*end, error) {
	s, err := newSpace(quiet)
	if err != nil {
		return nil, err
	}
	e := &end{space: s, addresses: addresses, on: m.cni0}
	if e.eth0, e.port, err = m.cni0.plug(s, hardware(addresses[0])); err != nil {
		return nil, err
	}
	for _, address := range addresses {
		at := slices.IndexFunc(m.node.Pods, func(cidr string) bool { return family(cidr) == family(address) })
		if at < 0 {
			return nil, fmt.Errorf("its node has no pods with an address like %s", address)
		}
		own, network, err := gateway(m.node.Pods[at])
		if err != nil {
			return nil, err
		}
		if !network.Contains(net.ParseIP(address)) {
			return nil, fmt.Errorf("%s is not in its node's range %s", address, network)
		}
		if err := s.address(e.eth0, &net.IPNet{IP: net.ParseIP(address), Mask: network.Mask}); err != nil {
			return nil, err
		}
		if err := s.route(everywhere(address), e.eth0, own); err != nil {
			return nil, err
		}
		if err := s.knows(e.eth0, own, m.cni0.link.Attrs().HardwareAddr); err != nil {
			return nil, err
		}
		if err := m.space.knows(m.cni0.link, address, hardware(addresses[0])); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// acquaint makes pods on one bridge that are going to talk know each other.
func (n *network) acquaint(one, other *end) error {
	if one == other || one.eth0 == nil || other.eth0 == nil || one.on != other.on {
		return nil
	}
	for _, pair := range [][2]*end{{one, other}, {other, one}} {
		for _, address := range pair[1].addresses {
			if err := pair[0].space.knows(pair[0].eth0, address, hardware(pair[1].addresses[0])); err != nil {
				return err
			}
		}
	}
	return nil
}

// addHost makes a machine outside. It has a way to the pods too, so that it is policies that keep it out.
func (n *network) addHost(host Host) error {
	s, err := newSpace(quiet)
	if err != nil {
		return err
	}
	e := &end{space: s, addresses: host.Addresses, on: n.fabric}
	eth0, port, err := n.fabric.plug(s, hardware(host.Addresses[0]))
	if err != nil {
		return err
	}
	e.port = port
	for _, address := range host.Addresses {
		if err := s.address(eth0, alone(address)); err != nil {
			return err
		}
		for _, m := range n.machines {
			if err := m.space.route(alone(address), m.eth0, ""); err != nil {
				return err
			}
		}
	}
	for _, m := range n.machines {
		if err := (&machine{space: s, eth0: eth0}).meet(m.node); err != nil {
			return err
		}
	}
	return n.add(host.Name, e)
}

// addServices makes every node translate to the Services. LoadBalancer addresses are announced by the first node.
func (n *network) addServices(services []*corev1.Service) error {
	var all []front
	for _, service := range services {
		found, err := n.fronts(service)
		if err != nil {
			return err
		}
		for name, fronts := range found {
			n.services[name] = fronts
			all = append(all, fronts...)
		}
	}
	if err := n.announce(services); err != nil {
		return err
	}
	return n.everyMachine(func(m *machine) error { return m.serve(all) })
}

func (n *network) announce(services []*corev1.Service) error {
	for _, service := range services {
		for _, ingress := range service.Status.LoadBalancer.Ingress {
			by := ofFamily(n.machines[0].node.Addresses, family(ingress.IP))
			for _, host := range n.outside {
				s := n.ends[host.Name].space
				eth0, err := s.links.LinkByName("eth0")
				if err != nil {
					return err
				}
				if err := s.route(alone(ingress.IP), eth0, by); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
