"""Say clearly when this Python can't install the pinned TensorFlow."""

import sys

if not (3, 11) <= sys.version_info < (3, 14):
    sys.exit(
        "Expected Python 3.11, 3.12 or 3.13, which TensorFlow 2.21 supports; choose "
        "one with `make PYTHON=python3.12`. "
        f"Received: Python {sys.version.split()[0]}"
    )
