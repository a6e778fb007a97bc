package main

import "github.com/cloudnativelabs/kube-router/v2/pkg/healthcheck"

// gate counts the syncs that have begun, and can hold back the next one.
//
// The controller's first act in a sync, before it reads any object, is a heartbeat on a channel, which
// waits until somebody takes it.  The gate is who takes it.
type gate struct {
	beats  chan *healthcheck.ControllerHeartbeat
	hold   chan chan uint64
	resume chan struct{}
}

func newGate() *gate {
	g := &gate{make(chan *healthcheck.ControllerHeartbeat), make(chan chan uint64), make(chan struct{})}
	go g.run()
	return g
}

func (g *gate) run() {
	var begun uint64
	for {
		select {
		case <-g.beats:
			begun++
		case reply := <-g.hold:
			reply <- begun
			<-g.resume
		}
	}
}

// close returns how many syncs have begun; the next one does not begin before open.
func (g *gate) close() uint64 {
	reply := make(chan uint64)
	g.hold <- reply
	return <-reply
}

func (g *gate) open() { g.resume <- struct{}{} }
