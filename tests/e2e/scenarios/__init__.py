"""Scenarios by subject. A new file is listed in edpe2e/main.py, in the order they run."""
