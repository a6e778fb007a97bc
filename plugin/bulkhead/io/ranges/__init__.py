"""Documents in which providers publish their addresses: fetched, read, pinned. It may import `io` and `core`."""
