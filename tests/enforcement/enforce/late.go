package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"sync"
	"time"
)

// lag adds the late pods again and again, and times from the moment that their objects enter the API.
func (s *session) lag(l Lag) (Answer, error) {
	pods, err := raws(s.late)
	if err != nil {
		return Answer{}, err
	}
	var places []int
	for place := range s.aims {
		if _, wanted := l.Wants[place]; wanted {
			places = append(places, place)
		}
	}
	if err := s.load(l.Policies); err != nil {
		return Answer{}, err
	}
	lags := make([][]Sample, len(s.aims))
	for range l.Runs {
		if _, err := s.some(places); err != nil {
			return Answer{}, err
		}
		samples, err := s.appear(pods, places, l.Wants)
		if err != nil {
			return Answer{}, err
		}
		for place, sample := range samples {
			lags[place] = append(lags[place], sample)
		}
		if err := s.vanish(); err != nil {
			return Answer{}, err
		}
	}
	return Answer{Lags: lags}, nil
}

func (s *session) appear(pods []json.RawMessage, places []int, wants map[int]string) (map[int]Sample, error) {
	samples := map[int]Sample{}
	var lock sync.Mutex
	var running sync.WaitGroup
	start := time.Now()
	if err := s.show(pods); err != nil {
		return nil, err
	}
	for _, place := range places {
		running.Add(1)
		go func() {
			defer running.Done()
			sample := s.aims[place].await(wants[place], start)
			lock.Lock()
			samples[place] = sample
			lock.Unlock()
		}()
	}
	running.Wait()
	for place, sample := range samples {
		if sample.Milliseconds < 0 {
			return nil, fmt.Errorf("probe %d was never %s", place, wants[place])
		}
	}
	return samples, nil
}

// await tries until a connection is as wanted. Its time is when the try that was so began.
func (a aim) await(wanted string, start time.Time) Sample {
	sample := Sample{Milliseconds: -1}
	for time.Since(start) < patience {
		began := time.Since(start)
		result := a.try()
		if sample.First == "" {
			sample.First = result
		}
		if result == wanted {
			sample.Milliseconds = float64(began.Microseconds()) / 1000
			return sample
		}
		time.Sleep(time.Millisecond)
	}
	return sample
}

func (s *session) show(pods []json.RawMessage) error {
	return s.network.everyMachine(func(m *machine) error { return m.enforcer.order(order{Appear: true, Objects: pods}) })
}

func (s *session) vanish() error {
	var names []string
	for _, pod := range s.late {
		names = append(names, key(pod))
	}
	return s.network.everyMachine(func(m *machine) error { return m.enforcer.order(order{Vanish: names}) })
}

// run starts a command in a late pod's network when the pod appears.
func (s *session) run(r Run) (Answer, error) {
	e := s.network.ends[r.In]
	if e == nil {
		return Answer{}, fmt.Errorf("nobody is called %q", r.In)
	}
	if err := s.load(r.Policies); err != nil {
		return Answer{}, err
	}
	then, err := s.some(r.Then)
	if err != nil {
		return Answer{}, err
	}
	limit, stop := context.WithTimeout(context.Background(), time.Duration(r.Seconds*float64(time.Second)))
	defer stop()
	command := exec.CommandContext(limit, r.Command[0], r.Command[1:]...)
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	start := time.Now()
	if r.Appears {
		pods, err := raws(s.late)
		if err != nil {
			return Answer{}, err
		}
		if err := s.show(pods); err != nil {
			return Answer{}, err
		}
	}
	err = within(e.space.handle, command.Start)
	if err == nil {
		err = command.Wait()
	}
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) {
		return Answer{}, err
	}
	took := float64(time.Since(start).Microseconds()) / 1000
	if limit.Err() != nil {
		return Answer{}, fmt.Errorf("the command was not over in time: %s", said.String())
	}
	ran := &Ran{Status: command.ProcessState.ExitCode(), Output: said.String(), Milliseconds: took, Then: tryAll(then)}
	return Answer{Ran: ran}, s.vanish()
}

// dump returns what the kernel of a node has been told.
func (s *session) dump(node string) (Answer, error) {
	var said bytes.Buffer
	for _, m := range s.network.machines {
		if m.node.Name == node {
			for _, name := range [][]string{{"iptables-save"}, {"ip6tables-save"}, {"ipset", "save"}} {
				command := exec.Command(name[0], name[1:]...)
				command.Stdout, command.Stderr = &said, &said
				if err := within(m.space.handle, command.Run); err != nil {
					return Answer{}, err
				}
			}
		}
	}
	return Answer{Text: said.String()}, nil
}
