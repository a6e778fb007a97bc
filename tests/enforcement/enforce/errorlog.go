package main

import (
	"bytes"
	"flag"
	"os"
	"sync"

	"k8s.io/klog/v2"
)

// errorLog keeps the error lines of kube-router: an iptables-restore that failed shows up nowhere else.
type errorLog struct {
	sync.Mutex
	lines bytes.Buffer
}

// keepErrors sends klog to a new errorLog.
func keepErrors() (*errorLog, error) {
	flags := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(flags)
	for name, value := range map[string]string{"logtostderr": "false", "stderrthreshold": "FATAL", "one_output": "true"} {
		if err := flags.Set(name, value); err != nil {
			return nil, err
		}
	}
	log := &errorLog{}
	klog.SetOutput(log)
	return log, nil
}

func (l *errorLog) Write(line []byte) (int, error) {
	l.Lock()
	defer l.Unlock()
	switch line[0] {
	case 'E':
		l.lines.Write(line)
	case 'F': // klog ends the process now
		os.Stderr.Write(line)
	}
	return len(line), nil
}

// take returns what was logged since the last call.
func (l *errorLog) take() string {
	l.Lock()
	defer l.Unlock()
	defer l.lines.Reset()
	return l.lines.String()
}
