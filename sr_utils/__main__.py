"""`python -m sr_utils` is the command `sr-upscale`."""

import sys

from .cli.command import main

sys.exit(main())
