package main

import (
	"fmt"
	"hash/fnv"
	"net"
	"net/netip"
	"strings"
)

// serviceRange is the range of cluster addresses, by family.
var serviceRange = map[int]string{4: "10.43.0.0/16", 6: "fd00:43::/112"}

func family(address string) int {
	if strings.Contains(address, ":") {
		return 6
	}
	return 4
}

// ofFamily returns the address of a family, or "".
func ofFamily(addresses []string, wanted int) string {
	for _, address := range addresses {
		if family(address) == wanted {
			return address
		}
	}
	return ""
}

// alone returns the network that is one address.
func alone(address string) *net.IPNet {
	ip := net.ParseIP(address)
	if four := ip.To4(); four != nil {
		return &net.IPNet{IP: four, Mask: net.CIDRMask(32, 32)}
	}
	return &net.IPNet{IP: ip, Mask: net.CIDRMask(128, 128)}
}

// everywhere returns all addresses of an address's family.
func everywhere(address string) *net.IPNet {
	bits := len(alone(address).IP) * 8
	return &net.IPNet{IP: make(net.IP, bits/8), Mask: net.CIDRMask(0, bits)}
}

// gateway returns the first address of a range, which is the node's own on its bridge.
func gateway(cidr string) (string, *net.IPNet, error) {
	prefix, err := netip.ParsePrefix(cidr)
	if err != nil {
		return "", nil, err
	}
	first := prefix.Masked().Addr().Next()
	network := &net.IPNet{IP: prefix.Masked().Addr().AsSlice(), Mask: net.CIDRMask(prefix.Bits(), first.BitLen())}
	return first.String(), network, nil
}

// hardware returns a MAC for who has an address. It depends on nothing else, so what neighbours learned stays true.
func hardware(address string) net.HardwareAddr {
	if four := net.ParseIP(address).To4(); four != nil {
		return net.HardwareAddr{2, 0x42, four[0], four[1], four[2], four[3]}
	}
	sum := fnv.New32a()
	fmt.Fprint(sum, address)
	return append(net.HardwareAddr{2, 0x46}, sum.Sum(nil)...)
}
