#!/usr/bin/env python3
"""Packs a folder as an image (docker-archive), without an image tool."""

from __future__ import annotations

import argparse
from pathlib import Path

from edpcluster.images import Image, Layer, write


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--name", required=True, help="such as localhost/edp:1")
    parser.add_argument("--root", type=Path, required=True, help="the folder that becomes /")
    parser.add_argument("--entrypoint", action="append", default=[])
    parser.add_argument("--user", default="")
    parser.add_argument("--label", action="append", default=[], metavar="KEY=VALUE")
    args = parser.parse_args()
    labels = dict(label.split("=", 1) for label in args.label)
    layer = Layer()
    layer.tree(args.root)
    write(Image(args.name, entrypoint=args.entrypoint, user=args.user, labels=labels), layer.close(), args.archive)


if __name__ == "__main__":
    main()
