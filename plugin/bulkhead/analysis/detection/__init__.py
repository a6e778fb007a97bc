"""What a dump says about its cluster: enforcer, networks, DNS, and what most namespaces talk to."""
