"""
Writes what was rendered: NetworkPolicies as YAML, and a tree with a folder for each namespace.

It may import ``io.yaml``, ``io.kustomize`` and ``core``, and not ``io.manifests``, which reads.
"""
