"""``bulkhead completion``: the completion script for a shell."""

import argparse
import sys

import shtab


def completion(parser: argparse.ArgumentParser, shell: str) -> int:
    """Print the script."""
    sys.stdout.write(shtab.complete(parser, shell=shell) + "\n")
    return 0
