"""Everything that reads kustomizations, predicts what kustomize does, or runs it."""
