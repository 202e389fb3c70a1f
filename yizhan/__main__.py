"""`python -m yizhan` is the same as the `yizhan` command."""

import sys

from yizhan.cli import main

sys.exit(main())
