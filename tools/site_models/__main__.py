"""`python -m tools.site_models OUT`: the page that enlarges photographs, on its own."""

import argparse
import sys
from pathlib import Path

from sr_utils import runtime
from tools.site.packages import PackagesError


def main():
    """Write the page and what it loads; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.site_models")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder, made if missing")
    folder = parser.parse_args().out
    try:
        with runtime.silence():  # TensorFlow logs while it is imported
            from .build import build, build_page
        build(folder)
    except (ImportError, PackagesError) as error:
        print(f"The page wasn't built. {error}", file=sys.stderr)
        return 1
    build_page(folder)
    print(folder / "index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
