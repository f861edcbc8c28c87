"""Files of npm packages, pinned by version and checksum in `site/npm.json`."""

import base64
import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PINS = ROOT / "site" / "npm.json"
CACHE = ROOT / "build" / "npm"
_SECONDS = 300  # for npm to answer


class PackageError(Exception):
    """A package can't be had, or is another one; the message says which and why."""


def read(name, *paths):
    """Read files of a package, which is fetched once and checked every time.

    Args:
        name: In `site/npm.json`.
        paths: Paths inside the package, such as "dist/index.js".

    Returns:
        List of bytes.

    Raises:
        PackageError: If the package can't be fetched, its checksum isn't the pinned
            one, or it has no such file.
    """
    archive = _archive(name)
    with tarfile.open(archive) as files:
        try:
            return [files.extractfile(f"package/{path}").read() for path in paths]
        except KeyError as error:
            raise PackageError(f"Expected {name} with {paths}. {error}") from error


def version(name):
    """The pinned version of a package."""
    return _pins()[name]["version"]


def integrity(data):
    """The checksum of bytes as npm writes it."""
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()


def _pins():
    return json.loads(PINS.read_text(encoding="utf-8"))


def _archive(name):
    """The path of a package's archive, as it was pinned."""
    pin = _pins()[name]
    path = CACHE / f"{name.replace('/', '-')}-{pin['version']}.tgz"
    if not path.is_file():
        _fetch(f"{name}@{pin['version']}", path)
    received = integrity(path.read_bytes())
    if received != pin["integrity"]:
        path.unlink()
        raise PackageError(
            f"Expected {name} {pin['version']} with the checksum {pin['integrity']}. "
            f"Received: {received}"
        )
    return path


def _fetch(package, path):
    """Have npm write the archive of a package to `path`."""
    npm = shutil.which("npm")
    if npm is None:
        raise PackageError(
            f"Expected npm, to fetch {package}. Received: no such command"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        line = [npm, "pack", package, "--ignore-scripts", "--pack-destination", folder]
        try:
            subprocess.run(
                line, check=True, capture_output=True, text=True, timeout=_SECONDS
            )
        except subprocess.CalledProcessError as error:
            raise PackageError(_said(package, error.stderr)) from error
        except subprocess.TimeoutExpired as error:
            raise PackageError(_said(package, str(error))) from error
        (archive,) = Path(folder).iterdir()
        archive.replace(path)


def _said(package, text):
    """An error with what npm said first."""
    lines = text.strip().splitlines() or ["nothing"]
    return f"Expected {package} from npm. Received: {lines[0]}"
