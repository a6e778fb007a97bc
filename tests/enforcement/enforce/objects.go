package main

import (
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	netv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// Objects are what the API would hold, with the defaults that the API server fills in.
type Objects struct {
	Namespaces []*corev1.Namespace
	Pods       []*corev1.Pod
	Services   []*corev1.Service
	Policies   []*netv1.NetworkPolicy
}

func decode(raws []json.RawMessage) (Objects, error) {
	var all Objects
	for _, raw := range raws {
		if err := all.add(raw); err != nil {
			return all, fmt.Errorf("%s: %w", raw, err)
		}
	}
	return all, nil
}

// add decodes strictly: a field that is not the API's is an error, not a policy that means something else.
func (all *Objects) add(raw []byte) error {
	var head struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return err
	}
	switch head.Kind {
	case "Namespace":
		object := &corev1.Namespace{}
		all.Namespaces = append(all.Namespaces, object)
		return defaulted(raw, object, namespaceDefaults)
	case "Pod":
		object := &corev1.Pod{}
		all.Pods = append(all.Pods, object)
		return defaulted(raw, object, podDefaults)
	case "Service":
		object := &corev1.Service{}
		all.Services = append(all.Services, object)
		return defaulted(raw, object, serviceDefaults)
	case "NetworkPolicy":
		object := &netv1.NetworkPolicy{}
		all.Policies = append(all.Policies, object)
		return defaulted(raw, object, policyDefaults)
	}
	return fmt.Errorf("kind %q is not for the lab", head.Kind)
}

func defaulted[T runtime.Object](raw []byte, object T, fill func(T)) error {
	if err := yaml.UnmarshalStrict(raw, object); err != nil {
		return err
	}
	fill(object)
	return nil
}

func namespaceDefaults(object *corev1.Namespace) {
	if object.Labels == nil {
		object.Labels = map[string]string{}
	}
	object.Labels[corev1.LabelMetadataName] = object.Name
}

func podDefaults(object *corev1.Pod) {
	if object.Namespace == "" {
		object.Namespace = "default"
	}
	if object.Status.Phase == "" {
		object.Status.Phase = corev1.PodRunning
	}
	if len(object.Status.PodIPs) == 0 && object.Status.PodIP != "" {
		object.Status.PodIPs = []corev1.PodIP{{IP: object.Status.PodIP}}
	}
	if len(object.Status.PodIPs) > 0 {
		object.Status.PodIP = object.Status.PodIPs[0].IP
	}
	for _, container := range object.Spec.Containers {
		for i := range container.Ports {
			if container.Ports[i].Protocol == "" {
				container.Ports[i].Protocol = corev1.ProtocolTCP
			}
		}
	}
}

func serviceDefaults(object *corev1.Service) {
	if len(object.Spec.ClusterIPs) == 0 && object.Spec.ClusterIP != "" {
		object.Spec.ClusterIPs = []string{object.Spec.ClusterIP}
	}
	for i := range object.Spec.Ports {
		port := &object.Spec.Ports[i]
		if port.Protocol == "" {
			port.Protocol = corev1.ProtocolTCP
		}
		if port.TargetPort.String() == "0" {
			port.TargetPort.IntVal = port.Port
		}
	}
}

func policyDefaults(object *netv1.NetworkPolicy) {
	if len(object.Spec.PolicyTypes) == 0 {
		object.Spec.PolicyTypes = []netv1.PolicyType{netv1.PolicyTypeIngress}
		if len(object.Spec.Egress) > 0 {
			object.Spec.PolicyTypes = append(object.Spec.PolicyTypes, netv1.PolicyTypeEgress)
		}
	}
	for i := range object.Spec.Ingress {
		portDefaults(object.Spec.Ingress[i].Ports)
	}
	for i := range object.Spec.Egress {
		portDefaults(object.Spec.Egress[i].Ports)
	}
}

func portDefaults(ports []netv1.NetworkPolicyPort) {
	tcp := corev1.ProtocolTCP
	for i := range ports {
		if ports[i].Protocol == nil {
			ports[i].Protocol = &tcp
		}
	}
}
