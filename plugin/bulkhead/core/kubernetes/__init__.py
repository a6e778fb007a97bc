"""NetworkPolicies, clusters and label selectors as values. It may import ``language`` and what is below it."""
