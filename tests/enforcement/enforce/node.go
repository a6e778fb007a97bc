package main

import (
	"encoding/json"
	"fmt"
	"io"
	"syscall"
)

// order is what the lab tells the process that is a node's enforcer. The first order has the node alone.
type order struct {
	Node     *Node             `json:"node,omitempty"`
	Replace  bool              `json:"replace,omitempty"`  // the API holds exactly Objects, and the enforcer has settled
	Policies bool              `json:"policies,omitempty"` // the same, of policies alone
	Objects  []json.RawMessage `json:"objects,omitempty"`
	Appear   bool              `json:"appear,omitempty"` // the API also holds Objects; nothing is awaited
	Vanish   []string          `json:"vanish,omitempty"` // the API no longer holds these pods, and the enforcer has settled
}

// report answers an order.
type report struct {
	Errors string `json:"errors,omitempty"` // what kube-router logged as errors
	Failed string `json:"failed,omitempty"`
}

// runNode is the life of a process that is one node's enforcer, in that node's network namespace.
func runNode(in io.Reader, out io.Writer) error {
	if err := syscall.Mount("tmpfs", "/run", "tmpfs", 0, ""); err != nil { // a /run/xtables.lock of its own
		return fmt.Errorf("/run of the node: %w", err)
	}
	orders, reports := json.NewDecoder(in), json.NewEncoder(out)
	var first order
	if err := orders.Decode(&first); err != nil {
		return err
	}
	e, err := startEnforcer(*first.Node)
	if err != nil {
		return err
	}
	for {
		var next order
		if err := reports.Encode(e.reported(err)); err != nil {
			return err
		}
		if err := orders.Decode(&next); err != nil {
			return err
		}
		err = e.carryOut(next)
	}
}

func (e *enforcer) reported(err error) report {
	r := report{Errors: e.log.take()}
	if err != nil {
		r.Failed = err.Error()
	}
	return r
}

func (e *enforcer) carryOut(next order) error {
	all, err := decode(next.Objects)
	if err != nil {
		return err
	}
	if next.Appear {
		for _, o := range all.Pods {
			e.pods.put(o)
		}
		return nil
	}
	if len(next.Vanish) > 0 {
		return e.load(func() {
			for _, name := range next.Vanish {
				e.pods.drop(name)
			}
		})
	}
	return e.load(func() {
		e.policies.replace(objects(all.Policies))
		if next.Replace {
			e.namespaces.replace(objects(all.Namespaces))
			e.pods.replace(objects(all.Pods))
		}
	})
}

func objects[T object](some []T) []object {
	all := make([]object, len(some))
	for i, o := range some {
		all[i] = o
	}
	return all
}
