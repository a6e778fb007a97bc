package main

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	typed "k8s.io/client-go/kubernetes/typed/core/v1"
)

// ownNode is the one thing that the controller asks an API server for by itself: its own Node object.
type ownNode struct {
	kubernetes.Interface
	node Node
}

type ownNodeCore struct {
	typed.CoreV1Interface
	node Node
}

type ownNodeNodes struct {
	typed.NodeInterface
	node Node
}

func (o ownNode) CoreV1() typed.CoreV1Interface  { return ownNodeCore{node: o.node} }
func (o ownNodeCore) Nodes() typed.NodeInterface { return ownNodeNodes{node: o.node} }
func (o ownNodeNodes) Get(_ context.Context, name string, _ metav1.GetOptions) (*corev1.Node, error) {
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
	for _, address := range o.node.Addresses {
		internal := corev1.NodeAddress{Type: corev1.NodeInternalIP, Address: address}
		node.Status.Addresses = append(node.Status.Addresses, internal)
	}
	return node, nil
}
