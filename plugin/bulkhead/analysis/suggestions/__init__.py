"""What has to be added to allow a connection, tried before it is shown. May import ``analysis``, ``io``, ``core``."""
