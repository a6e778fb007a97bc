package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cloudnativelabs/kube-router/v2/pkg/controllers/netpol"
	"github.com/cloudnativelabs/kube-router/v2/pkg/metrics"
	"github.com/cloudnativelabs/kube-router/v2/pkg/options"
	dto "github.com/prometheus/client_model/go"
	corev1 "k8s.io/api/core/v1"
	netv1 "k8s.io/api/networking/v1"
	"k8s.io/client-go/tools/cache"
)

// patience bounds every wait for the enforcer: a sync takes a second where a machine is slow.
const patience = 60 * time.Second

// enforcer is kube-router's NetworkPolicy controller, started as k3s does (its pkg/agent/netpol).
type enforcer struct {
	controller                 *netpol.NetworkPolicyController
	pods, namespaces, policies *source
	log                        *errorLog
	gate                       *gate
	loading                    atomic.Bool
}

func startEnforcer(node Node) (*enforcer, error) {
	log, err := keepErrors()
	if err != nil {
		return nil, err
	}
	e := &enforcer{
		pods: newSource(&corev1.Pod{}), namespaces: newSource(&corev1.Namespace{}), policies: newSource(&netv1.NetworkPolicy{}),
		log: log, gate: newGate(),
	}
	stop := make(chan struct{})
	for _, s := range e.sources() {
		go s.informer.Run(stop)
	}
	config := configuration(node)
	iptables, ipsets, err := netpol.NewIPTablesHandlers(config)
	if err != nil {
		return nil, err
	}
	e.controller, err = netpol.NewNetworkPolicyController(ownNode{node: node}, config, e.pods.informer, e.policies.informer,
		e.namespaces.informer, &sync.Mutex{}, iptables, ipsets)
	if err != nil {
		return nil, err
	}
	e.handle()
	for _, s := range e.sources() {
		cache.WaitForCacheSync(stop, s.informer.HasSynced)
	}
	var running sync.WaitGroup
	running.Add(1)
	go e.controller.Run(e.gate.beats, stop, &running)
	return e, nil
}

func configuration(node Node) *options.KubeRouterConfig {
	config := options.NewKubeRouterConfig()
	config.HostnameOverride = node.Name
	config.NodePortRange = "30000:32767"
	config.ClusterIPCIDRs = nil
	config.EnableIPv4, config.EnableIPv6 = false, false
	for _, address := range node.Addresses {
		if family(address) == 4 {
			config.EnableIPv4 = true
			config.ClusterIPCIDRs = append(config.ClusterIPCIDRs, serviceRange[4])
		} else {
			config.EnableIPv6 = true
			config.ClusterIPCIDRs = append(config.ClusterIPCIDRs, serviceRange[6])
		}
	}
	config.MetricsEnabled = true // its histogram of syncs says when one is over
	config.RunFirewall, config.RunRouter, config.RunServiceProxy = true, false, false
	return config
}

func (e *enforcer) sources() []*source { return []*source{e.namespaces, e.pods, e.policies} }

func (e *enforcer) handle() {
	for s, handler := range map[*source]cache.ResourceEventHandler{
		e.pods: e.controller.PodEventHandler, e.namespaces: e.controller.NamespaceEventHandler,
		e.policies: e.controller.NetworkPolicyEventHandler,
	} {
		s.informer.AddEventHandler(unlessLoading{handler, &e.loading})
	}
}

// unlessLoading keeps events from the controller while many objects are loaded: these end in one sync, which is asked for.
type unlessLoading struct {
	cache.ResourceEventHandler
	loading *atomic.Bool
}

func (u unlessLoading) OnAdd(o any, initial bool) {
	if !u.loading.Load() {
		u.ResourceEventHandler.OnAdd(o, initial)
	}
}

func (u unlessLoading) OnUpdate(old, o any) {
	if !u.loading.Load() {
		u.ResourceEventHandler.OnUpdate(old, o)
	}
}

func (u unlessLoading) OnDelete(o any) {
	if !u.loading.Load() {
		u.ResourceEventHandler.OnDelete(o)
	}
}

// load makes the API hold what change leaves in it, and returns when a full sync that began after that is over.
func (e *enforcer) load(change func()) error {
	e.loading.Store(true)
	defer e.loading.Store(false)
	begun := e.gate.close()
	change()
	until := time.Now().Add(patience)
	for _, s := range e.sources() {
		if err := s.await(until); err != nil {
			return err
		}
	}
	e.controller.RequestFullSync()
	e.gate.open()
	return e.awaitSync(begun+1, until)
}

func (e *enforcer) awaitSync(number uint64, until time.Time) error {
	for {
		done, err := syncs()
		if err != nil || done >= number {
			return err
		}
		if time.Now().After(until) {
			return fmt.Errorf("sync %d was not over in time", number)
		}
		time.Sleep(time.Millisecond)
	}
}

// syncs returns how many full syncs are over, by the controller's own metric.
func syncs() (uint64, error) {
	var metric dto.Metric
	err := metrics.ControllerIptablesSyncTime.Write(&metric)
	return metric.GetHistogram().GetSampleCount(), err
}
