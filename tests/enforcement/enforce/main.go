// Command enforce runs k3s's NetworkPolicy enforcer (kube-router's controller, as a library) on
// nodes that are network namespaces, and finds out with real connections what it lets through.
//
// It reads requests from standard input and answers each on standard output, one JSON value a line
// (see protocol.go).  It needs root, iptables and ipset.  All that it makes is inside namespaces of
// its own, and is gone when it ends, however it ends.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

const roleVariable = "ENFORCE_ROLE"

func main() {
	var err error
	switch os.Getenv(roleVariable) {
	case "":
		err = enter()
	case "lab":
		err = lab()
	case "node":
		err = runNode(os.Stdin, os.Stdout)
	}
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		os.Exit(1) // it has said why
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "enforce:", err)
		os.Exit(1)
	}
}

// enter runs this program again as the lab: process 1 of namespaces of its own, so that nothing of it survives.
func enter() error {
	runtime.LockOSThread() // Pdeathsig speaks of the thread
	again := exec.Command("/proc/self/exe")
	again.Env = append(os.Environ(), roleVariable+"=lab")
	again.Stdin, again.Stdout, again.Stderr = os.Stdin, os.Stdout, os.Stderr
	again.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID,
		Pdeathsig:  syscall.SIGKILL,
	}
	return again.Run()
}

func lab() error {
	if err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("/proc of the lab: %w", err)
	}
	return serve(os.Stdin, os.Stdout)
}
