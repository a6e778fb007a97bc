"""Bulkhead: the network segmentation of a Kubernetes cluster, kept in git."""

__version__ = "0.1.0"
