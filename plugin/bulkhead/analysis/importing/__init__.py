"""Overlays for NetworkPolicies that exist, and the proof that they allow the same."""
