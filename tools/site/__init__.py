"""Builds the web site: `python -m tools.site` writes it to `build/site`.

- pages: notebooks, documents and modules as sources for Sphinx
- comparisons: photographs enlarged by every method, with their scores
- packages: files from npm, by the lock file
- links: what leads nowhere
"""

from pathlib import Path

ROOT = Path(__file__).parents[2]
SITE = ROOT / "site"
BUILD = ROOT / "build"
OUTPUT = BUILD / "site"


class SiteError(Exception):
    """The site can't be built; the message says why."""
