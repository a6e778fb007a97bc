package main

import (
	"fmt"
	"os"
	"runtime"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

// space is a network namespace.
type space struct {
	handle netns.NsHandle
	links  *netlink.Handle
}

// newSpace makes a network namespace without a name: it is gone with its last handle, socket and process.
func newSpace(settings map[string]string) (*space, error) {
	s := &space{}
	home, err := netns.Get()
	if err != nil {
		return nil, err
	}
	defer home.Close()
	err = within(home, func() (err error) {
		s.handle, err = netns.New() // the thread is there now
		if err != nil {
			return err
		}
		return set(settings)
	})
	if err != nil {
		return nil, fmt.Errorf("new network namespace: %w", err)
	}
	s.links, err = netlink.NewHandleAt(s.handle)
	if err != nil {
		return nil, err
	}
	loopback, err := s.links.LinkByName("lo")
	if err != nil {
		return nil, err
	}
	return s, s.links.LinkSetUp(loopback)
}

func (s *space) close() {
	s.links.Close()
	s.handle.Close()
}

// set writes to /proc/sys/net, which is that of the thread's network namespace.
func set(settings map[string]string) error {
	for name, value := range settings {
		if err := os.WriteFile("/proc/sys/net/"+name, []byte(value), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// within runs f on a thread inside a network namespace; sockets and processes made by it are born there.
func within(where netns.NsHandle, f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		home, err := netns.Get()
		if err == nil {
			defer home.Close()
			if err = netns.Set(where); err == nil {
				err = f()
				if netns.Set(home) == nil { // else the thread ends with its goroutine
					runtime.UnlockOSThread()
				}
			}
		}
		done <- err
	}()
	return <-done
}
