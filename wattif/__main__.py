"""python -m wattif VERB …"""

import sys

from wattif.cli import main

sys.exit(main())
