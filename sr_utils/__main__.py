"""`python -m sr_utils` is the command `sr-upscale`."""

import sys

from .command import main

sys.exit(main())
