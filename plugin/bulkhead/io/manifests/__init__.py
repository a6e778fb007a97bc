"""
Reads Kubernetes manifests and dumps: NetworkPolicies, namespaces, pods and what has a pod template.

It may import ``io.yaml``, ``io.kustomize`` and ``core``, and not ``io.rendered``, which writes.
"""
