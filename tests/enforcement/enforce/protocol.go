package main

import "encoding/json"

// Request is one of its fields.
type Request struct {
	Build *Build  `json:"build,omitempty"`
	Judge *Judge  `json:"judge,omitempty"`
	Lag   *Lag    `json:"lag,omitempty"`
	Run   *Run    `json:"run,omitempty"`
	Dump  *string `json:"dump,omitempty"` // a node's name
}

// Answer is to one request. With Failure the program ends: nothing that it would say after that counts.
type Answer struct {
	Failure string     `json:"failure,omitempty"`
	Results []string   `json:"results,omitempty"` // one for each probe: open, refused, timeout, or an error
	Lags    [][]Sample `json:"lags,omitempty"`    // for each probe the samples of all runs
	Ran     *Ran       `json:"ran,omitempty"`
	Text    string     `json:"text,omitempty"`
}

// Build makes a cluster without policies and tries every probe: all have to be open, or a later refusal would mean nothing.
type Build struct {
	Nodes   []Node            `json:"nodes"`
	Hosts   []Host            `json:"hosts"`
	Objects []json.RawMessage `json:"objects"` // Namespace, Pod, Service
	Late    []string          `json:"late"`    // pods ("namespace/name") that have a network but that the API does not know yet
	Probes  []Probe           `json:"probes"`
}

// Node has an address of each family and a range of each family for its pods.
type Node struct {
	Name      string   `json:"name"`
	Addresses []string `json:"addresses"`
	Pods      []string `json:"pods"`
}

// Host is a machine outside the cluster.
type Host struct {
	Name      string   `json:"name"`
	Addresses []string `json:"addresses"`
}

// Probe is one connection.
//
// From is a pod ("namespace/name"), a host or a node.  To is one of these, "service:namespace/name" (its
// cluster address), "balancer:namespace/name" (its LoadBalancer address), "nodeport:namespace/name", or
// "bridge:node" (the node's address in its own pod range).
type Probe struct {
	From     string `json:"from"`
	To       string `json:"to"`
	Port     uint16 `json:"port"`
	Protocol string `json:"protocol"` // tcp, udp
	Family   int    `json:"family"`   // 4, 6
}

// Judge hands policies to the enforcer, in place of those it had, and tries the probes with these places.
type Judge struct {
	Policies []json.RawMessage `json:"policies"`
	Probes   []int             `json:"probes"`
}

// Lag adds the late pods, times until each probe first gives what is wanted, and takes them away again; so many times.
type Lag struct {
	Policies []json.RawMessage `json:"policies"`
	Runs     int               `json:"runs"`
	Wants    map[int]string    `json:"wants"` // probe: open, refused
}

// Sample is how a probe went after its pod appeared.
type Sample struct {
	First        string  `json:"first"` // what the first try gave
	Milliseconds float64 `json:"milliseconds"`
}

// Run starts a command in the network of a late pod when its object appears in the API, or Delay later.
type Run struct {
	Policies []json.RawMessage `json:"policies"`
	In       string            `json:"in"`
	Command  []string          `json:"command"`
	Appears  bool              `json:"appears"` // else the API never knows the pod
	Seconds  float64           `json:"seconds"` // at most
	Then     []int             `json:"then"`    // probes to try when it is over
}

// Ran is how a command ended.
type Ran struct {
	Status       int      `json:"status"`
	Output       string   `json:"output"`
	Milliseconds float64  `json:"milliseconds"`
	Then         []string `json:"then"`
}
