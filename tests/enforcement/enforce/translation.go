package main

import (
	"bytes"
	"fmt"
	"net"
	"os/exec"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
)

var programs = map[int]string{4: "iptables-restore", 6: "ip6tables-restore"}

// translate sets up what flannel and kube-proxy do to addresses: pods leave with their node's, Services have a chain.
func (m *machine) translate() error {
	for _, cidr := range m.node.Pods {
		whole := podRange[family(cidr)]
		rules := fmt.Sprintf("-A PREROUTING -j LAB-SERVICES\n-A OUTPUT -j LAB-SERVICES\n"+
			"-A POSTROUTING -s %s ! -d %s -j MASQUERADE\n", whole, whole)
		if err := m.restore(family(cidr), rules); err != nil {
			return err
		}
	}
	return nil
}

// podRange holds the pods of all nodes, by family.
var podRange = map[int]string{4: "10.42.0.0/16", 6: "fd00:42::/56"}

// restore adds rules to the table of translations, after it has emptied the chain of Services.
func (m *machine) restore(family int, rules string) error {
	return within(m.space.handle, func() error {
		program := exec.Command(programs[family], "--noflush")
		program.Stdin = strings.NewReader("*nat\n:LAB-SERVICES - [0:0]\n" + rules + "COMMIT\n")
		var said bytes.Buffer
		program.Stdout, program.Stderr = &said, &said
		if err := program.Run(); err != nil {
			return fmt.Errorf("%s: %w: %s\n%s", programs[family], err, said.String(), rules)
		}
		return nil
	})
}

// front is an address of a Service, and the pod that answers there.
type front struct {
	address string
	backend *end
	ports   map[string]uint16 // "port/protocol" at the address: the port of the pod
}

// serve makes a node translate to the fronts, and to nothing else.
func (m *machine) serve(fronts []front) error {
	if len(fronts) == 0 && !m.served {
		return nil
	}
	rules := map[int]*strings.Builder{}
	for _, cidr := range m.node.Pods {
		rules[family(cidr)] = &strings.Builder{}
	}
	for _, f := range fronts {
		to, known := rules[family(f.address)]
		if !known {
			continue
		}
		for port, target := range f.ports {
			number, protocol, _ := strings.Cut(port, "/")
			backend := net.JoinHostPort(ofFamily(f.backend.addresses, family(f.address)), fmt.Sprint(target))
			fmt.Fprintf(to, "-A LAB-SERVICES -d %s -p %s --dport %s -j DNAT --to-destination %s\n", f.address, protocol, number, backend)
		}
	}
	for version, text := range rules {
		if err := m.restore(version, text.String()); err != nil {
			return err
		}
	}
	m.served = len(fronts) > 0
	return nil
}

// fronts returns the addresses of a Service by what a probe calls them. The first pod that it selects answers.
func (n *network) fronts(service *corev1.Service) (map[string][]front, error) {
	backend, pod := n.backend(service)
	if backend == nil {
		return nil, fmt.Errorf("service %s: no pod of this cluster is behind it", key(service))
	}
	ports, nodePorts := map[string]uint16{}, map[string]uint16{}
	for _, port := range service.Spec.Ports {
		target, err := targetPort(port, pod)
		if err != nil {
			return nil, fmt.Errorf("service %s: %w", key(service), err)
		}
		protocol := strings.ToLower(string(port.Protocol))
		ports[fmt.Sprintf("%d/%s", port.Port, protocol)] = target
		if port.NodePort != 0 {
			nodePorts[fmt.Sprintf("%d/%s", port.NodePort, protocol)] = target
		}
	}
	found := map[string][]front{}
	add := func(form, address string, ports map[string]uint16) {
		if ofFamily(backend.addresses, family(address)) != "" && len(ports) > 0 {
			found[form+key(service)] = append(found[form+key(service)], front{address, backend, ports})
		}
	}
	for _, address := range service.Spec.ClusterIPs {
		add("service:", address, ports)
	}
	for _, ingress := range service.Status.LoadBalancer.Ingress {
		add("balancer:", ingress.IP, ports)
	}
	for _, m := range n.machines {
		for _, address := range m.node.Addresses {
			add("nodeport:", address, nodePorts)
		}
	}
	return found, nil
}

func (n *network) backend(service *corev1.Service) (*end, *corev1.Pod) {
	wanted := labels.SelectorFromSet(service.Spec.Selector)
	for _, pod := range n.pods {
		if pod.Namespace == service.Namespace && len(service.Spec.Selector) > 0 && wanted.Matches(labels.Set(pod.Labels)) {
			return n.ends[key(pod)], pod
		}
	}
	return nil, nil
}

func targetPort(port corev1.ServicePort, pod *corev1.Pod) (uint16, error) {
	if port.TargetPort.StrVal == "" {
		return uint16(port.TargetPort.IntVal), nil
	}
	for _, container := range pod.Spec.Containers {
		for _, open := range container.Ports {
			if open.Name == port.TargetPort.StrVal && open.Protocol == port.Protocol {
				return uint16(open.ContainerPort), nil
			}
		}
	}
	return 0, fmt.Errorf("pod %s has no port %s", key(pod), port.TargetPort.StrVal)
}
