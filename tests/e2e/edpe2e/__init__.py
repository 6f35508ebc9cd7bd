"""A small frame for scenarios on a real cluster: kubectl, waiting, a namespace each, one line each."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "cluster"))
