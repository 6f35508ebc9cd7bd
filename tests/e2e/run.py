#!/usr/bin/env python3
"""End-to-end scenarios on a real cluster. Called by `./edp test` (--slice) and `./edp e2e`; see README.md."""

import sys

from edpe2e.main import main

sys.exit(main(sys.argv[1:]))
