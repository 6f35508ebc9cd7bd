#!/usr/bin/env python3
"""Starts, ends and shows clusters of the tests. Called by `./edp cluster`; see README.md."""

import sys

from edpcluster.cli import main

sys.exit(main(sys.argv[1:]))
