"""Files from npm: versions and checksums are those of `site/package-lock.json`."""

import hashlib
import shutil
import subprocess

from tools.site import BUILD, SITE

FOLDER = BUILD / "npm"
_NAMES = ("package.json", "package-lock.json")
_MARK = "installed"


class PackagesError(Exception):
    """The packages can't be had; the message says why."""


def install(source=SITE, folder=FOLDER):
    """Install what the lock file names; npm compares every file with its checksum.

    Args:
        source: Folder of `package.json` and `package-lock.json`.
        folder: Where they go; what is already there by the same lock file is kept.

    Returns:
        The folder that holds one folder for each package.

    Raises:
        PackagesError: If npm is missing or fails.
    """
    locked = hashlib.sha256(b"".join((source / x).read_bytes() for x in _NAMES))
    mark = folder / _MARK
    if not (mark.exists() and mark.read_text() == locked.hexdigest()):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in _NAMES:
            shutil.copy(source / name, folder)
        _npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=folder)
        mark.write_text(locked.hexdigest())
    return folder / "node_modules"


def _npm(*arguments, cwd):
    npm = shutil.which("npm")
    if npm is None:
        raise PackagesError("Expected npm, which comes with Node.js. Received: no npm")
    done = subprocess.run(
        [npm, *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )
    if done.returncode:
        reasons = [x for x in done.stderr.splitlines() if x.startswith("npm error ")]
        reason = reasons[0] if reasons else done.stderr.strip()
        raise PackagesError(
            "Expected npm to install the packages of site/package-lock.json. "
            f"Received: {reason}"
        )
