"""``python -m bulkhead``."""

import sys

from bulkhead.cli.start import main

sys.exit(main())
