package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"

	"github.com/vishvananda/netns"
)

// child is the process that is a node's enforcer, seen from the lab.
type child struct {
	process *exec.Cmd
	stdin   io.Closer
	orders  *json.Encoder
	reports *json.Decoder
}

// startChild starts a node's enforcer in the node's network namespace: a process is born where its parent's thread is.
func startChild(node Node, space netns.NsHandle) (*child, error) {
	c := &child{process: exec.Command("/proc/self/exe")}
	c.process.Env = append(os.Environ(), roleVariable+"=node")
	c.process.Stderr = os.Stderr
	c.process.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	stdin, err := c.process.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := c.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.stdin, c.orders, c.reports = stdin, json.NewEncoder(stdin), json.NewDecoder(stdout)
	if err := within(space, c.process.Start); err != nil {
		return nil, err
	}
	return c, c.order(order{Node: &node})
}

// order has the node carry out an order. Whatever kube-router logs as an error is an error here.
func (c *child) order(o order) error {
	if err := c.orders.Encode(o); err != nil {
		return fmt.Errorf("the enforcer is gone: %w", err)
	}
	var r report
	if err := c.reports.Decode(&r); err != nil {
		return fmt.Errorf("the enforcer is gone: %w", err)
	}
	switch {
	case r.Errors != "":
		return fmt.Errorf("kube-router logged errors:\n%s", r.Errors)
	case r.Failed != "":
		return errors.New(r.Failed)
	}
	return nil
}

func (c *child) stop() {
	c.stdin.Close()
	c.process.Process.Kill()
	c.process.Wait()
}
