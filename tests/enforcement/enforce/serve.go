package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// session is the lab between requests.
type session struct {
	nodes   []Node
	network *network
	late    []*corev1.Pod
	probes  []Probe
	aims    []aim
}

// serve answers requests until one failed. When there are no more, nobody waits for what is being done either.
func serve(in io.Reader, out io.Writer) error {
	requests, broken := make(chan Request), make(chan error)
	go receive(json.NewDecoder(in), requests, broken)
	answers := json.NewEncoder(out)
	s := &session{}
	for {
		select {
		case err := <-broken:
			return err
		case request := <-requests:
			answer, err := s.answer(request)
			if err != nil {
				answers.Encode(Answer{Failure: err.Error()})
				return err
			}
			if err := answers.Encode(answer); err != nil {
				return err
			}
		}
	}
}

func receive(from *json.Decoder, requests chan<- Request, broken chan<- error) {
	from.DisallowUnknownFields()
	for {
		var request Request
		err := from.Decode(&request)
		if errors.Is(err, io.EOF) {
			os.Exit(0)
		}
		if err != nil {
			broken <- err
			return
		}
		requests <- request
	}
}

func (s *session) answer(r Request) (Answer, error) {
	switch {
	case r.Build != nil:
		return Answer{}, s.build(*r.Build)
	case s.network == nil:
		return Answer{}, fmt.Errorf("there is no cluster yet")
	case r.Judge != nil:
		return s.judge(*r.Judge)
	case r.Lag != nil:
		return s.lag(*r.Lag)
	case r.Run != nil:
		return s.run(*r.Run)
	case r.Dump != nil:
		return s.dump(*r.Dump)
	}
	return Answer{}, fmt.Errorf("an empty request")
}

// build makes the cluster, without policies, and finds every probe open.
func (s *session) build(b Build) error {
	all, err := decode(b.Objects)
	if err != nil {
		return err
	}
	if len(all.Policies) > 0 {
		return fmt.Errorf("a cluster is built without policies")
	}
	if err := s.stand(b.Nodes); err != nil {
		return err
	}
	if err := s.network.populate(all, b.Hosts); err != nil {
		return err
	}
	known := make(chan error)
	go func() { known <- s.introduce(all, b.Late) }()
	err = s.aim(b.Probes)
	if failed := <-known; failed != nil {
		return failed
	}
	if err != nil {
		return err
	}
	return s.control()
}

// stand makes the nodes, unless they stand already.
func (s *session) stand(nodes []Node) error {
	if reflect.DeepEqual(nodes, s.nodes) {
		return nil
	}
	if s.network != nil {
		return fmt.Errorf("the nodes of a lab stay the same")
	}
	if len(nodes) == 0 {
		return fmt.Errorf("a cluster without nodes")
	}
	made, err := newNetwork(nodes)
	s.nodes, s.network = nodes, made
	return err
}

func (s *session) aim(probes []Probe) error {
	s.probes, s.aims = probes, make([]aim, len(probes))
	for i, p := range probes {
		found, err := s.network.prepare(p)
		if err != nil {
			return fmt.Errorf("probe %d, %s to %s:%d/%s: %w", i, p.From, p.To, p.Port, p.Protocol, err)
		}
		s.aims[i] = found
	}
	return nil
}

func (s *session) control() error {
	if err := s.network.everyMachine((*machine).forget); err != nil {
		return err
	}
	for i, result := range tryAll(s.aims) {
		if result != "open" {
			p := s.probes[i]
			return fmt.Errorf("without policies every probe has to be open: %s to %s:%d/%s IPv%d: %s",
				p.From, p.To, p.Port, p.Protocol, p.Family, result)
		}
	}
	return nil
}

// introduce makes the API of every node hold the cluster's objects, no policies, and no pods that come late.
func (s *session) introduce(all Objects, late []string) error {
	var known []any
	for _, namespace := range all.Namespaces {
		namespace.Kind = "Namespace"
		known = append(known, namespace)
	}
	s.late = nil
	for _, pod := range all.Pods {
		pod.Kind = "Pod"
		if slices.Contains(late, key(pod)) {
			s.late = append(s.late, pod)
		} else {
			known = append(known, pod)
		}
	}
	if len(s.late) != len(late) {
		return fmt.Errorf("late pods have to be pods of the cluster: %v", late)
	}
	raw, err := raws(known)
	if err != nil {
		return err
	}
	return s.network.everyMachine(func(m *machine) error { return m.enforcer.order(order{Replace: true, Objects: raw}) })
}

func raws[T any](some []T) ([]json.RawMessage, error) {
	all := make([]json.RawMessage, len(some))
	for i, o := range some {
		raw, err := json.Marshal(o)
		if err != nil {
			return nil, err
		}
		all[i] = raw
	}
	return all, nil
}

func (s *session) load(policies []json.RawMessage) error {
	return s.network.everyMachine(func(m *machine) error {
		return m.enforcer.order(order{Policies: true, Objects: policies})
	})
}

// judge tries probes under policies.
func (s *session) judge(j Judge) (Answer, error) {
	if err := s.load(j.Policies); err != nil {
		return Answer{}, err
	}
	aims, err := s.some(j.Probes)
	if err != nil {
		return Answer{}, err
	}
	results := tryAll(aims)
	return Answer{Results: results}, s.healthy()
}

func (s *session) some(places []int) ([]aim, error) {
	aims := make([]aim, len(places))
	for i, place := range places {
		if place < 0 || place >= len(s.aims) {
			return nil, fmt.Errorf("there is no probe %d", place)
		}
		aims[i] = s.aims[place]
	}
	return aims, s.network.everyMachine((*machine).forget)
}

// healthy asks every enforcer for errors that it logged since.
func (s *session) healthy() error {
	return s.network.everyMachine(func(m *machine) error { return m.enforcer.order(order{Appear: true}) })
}
