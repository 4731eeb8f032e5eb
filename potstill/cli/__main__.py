"""`python -m potstill.cli` is `potstill`."""

import sys

from potstill.cli.entry import main

sys.exit(main())
