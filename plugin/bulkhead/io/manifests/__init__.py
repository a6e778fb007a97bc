"""
Reads and writes Kubernetes manifests: NetworkPolicies, workloads, dumps, rendered trees.

It may import ``io.yaml`` and ``core``.
"""
