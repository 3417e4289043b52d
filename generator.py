"""python generator.py --start 2024-01-01 --end 2024-01-31 --bucket my-bucket (as: python -m wattif generate …)."""

import sys

from wattif.cli import main

if __name__ == "__main__":
    sys.exit(main(["generate", *sys.argv[1:]], "generator.py"))
