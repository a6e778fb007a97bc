"""How reports name endpoints, enforcers and what was read. It may import ``layout``, ``analysis`` and ``core``."""
