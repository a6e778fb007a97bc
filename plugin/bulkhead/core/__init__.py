"""The pure middle: values in, values out; no file, process, clock, terminal, YAML or logger."""
