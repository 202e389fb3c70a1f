"""`python -m proof`."""

import sys

from proof.cli import main

sys.exit(main())
