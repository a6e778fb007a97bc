"""Changes YAML files that people wrote: comments, order and all other lines stay. May import ``io`` and ``core``."""
