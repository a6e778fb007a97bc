"""Pictures of a namespace and of a cluster: values in, one text out, as Mermaid or in the language of Graphviz."""
