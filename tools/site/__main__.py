"""Build the site from the committed notebooks; nothing is executed.

It ends with the page to open.
"""

import argparse
import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from sr_utils import runtime
from sr_utils.cli import process
from tools.site import OUTPUT, ROOT, SITE, SiteError

if __name__ == "__main__":
    process.prepare("Stopped.")  # before the imports that take seconds

with runtime.silence():
    from tools.site import comparisons, links, packages, pages, plane

REQUIREMENTS = "site/requirements.txt"


def build(output=OUTPUT):
    """Write the site; what was there stays until the new one is complete.

    Args:
        output: Folder of the site. What it is made from lies beside it.

    Raises:
        SiteError: If a source, a link or a picture is wrong.
    """
    if not find_spec("sphinx"):
        raise SiteError(
            f"Expected the packages of {REQUIREMENTS}. Received: no Sphinx. "
            f"Install them: python -m pip install -r {REQUIREMENTS}"
        )
    work = output.with_name(f"{output.name}-work")
    shutil.rmtree(work, ignore_errors=True)
    source, pages_made = work / "source", work / "html"
    lay_out(source)
    run_sphinx(source, pages_made)
    if found := links.broken(pages_made):
        raise SiteError("Links that lead nowhere:\n" + "\n".join(found))
    for source_map in pages_made.rglob("*.map"):  # of the theme, for its authors
        source_map.unlink()
    shutil.rmtree(output, ignore_errors=True)
    pages_made.rename(output)


def lay_out(source):
    """Write everything that Sphinx reads."""
    dividers = json.loads((SITE / "comparisons.json").read_text(encoding="utf-8"))
    pages.stage(source, dividers)
    plane.draw(source / "parts")
    with runtime.silence():
        comparisons.draw(source / "_static" / "comparisons")
    _add_divider(source / "_static" / "image-compare.js")
    _add_upscaler(source)
    pages.write_contents(source)


def run_sphinx(source, output):
    """Make the pages; any warning fails.

    Raises:
        SiteError: With Sphinx's messages above it.
    """
    from sphinx.cmd.build import build_main

    doctrees = output.parent / "doctrees"
    arguments = ["-W", "--keep-going", "-q", "-b", "html", "-d", str(doctrees)]
    if build_main([*arguments, str(source), str(output)]):
        raise SiteError("Expected a build without warnings. Received: those above")


def main():
    """Read the command line; exit with a message if the site can't be built."""
    parser = argparse.ArgumentParser(prog="tools.site", description=__doc__)
    parser.add_argument("output", nargs="?", type=Path, default=OUTPUT)
    output = parser.parse_args().output
    try:
        with process.stoppable():
            build(output)
    except SiteError as error:
        sys.exit(f"\n{error}")
    except KeyboardInterrupt as stop:
        process.say("\nStopped.", "stderr")
        sys.exit(process.status(stop))
    print(output / "index.html")


def _add_divider(path):
    """The component from npm; without it pictures stand side by side."""
    try:
        package = packages.install() / "@cloudfour" / "image-compare"
        shutil.copy(package / "dist" / "index.min.js", path)
    except packages.PackagesError as error:
        print(f"Pictures to compare stand side by side, without a divider: {error}")
        path.touch()


def _add_upscaler(source):
    """What the page that enlarges the reader's photograph loads; or no such page."""
    assets = source / "_static" / "upscale"
    step = [sys.executable, "-m", "tools.site_models", str(assets)]
    page = source / "upscale.md"
    if not page.exists():
        return
    done = subprocess.run(step, cwd=ROOT, check=False, stdout=subprocess.DEVNULL)
    if done.returncode:
        print("So the site has no page that enlarges your own photograph.")
        page.unlink()
        shutil.rmtree(assets)


if __name__ == "__main__":
    main()
