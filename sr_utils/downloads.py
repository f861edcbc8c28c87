"""Ask the network, and fetch sets of images, which are verified pixel by pixel."""

import functools
import hashlib
import queue
import shutil
import tarfile
import tempfile
import threading
import urllib.request
import zlib
from pathlib import Path

import pooch

from . import images, photo_files
from .photo_files import encode

FAILURES = (OSError, EOFError, ValueError, tarfile.TarError, zlib.error)
_ENDINGS = (*encode.WRITABLE, ".gif")


def install(source, expected, target):
    """Fetch images into a temporary folder, verify them, and move them to `target`.

    Args:
        source: Address of a tar archive, or with `{name}` in it, of single PNG files.
        expected: Dictionary from the name of each image to its `pixels_sha256`.
        target: Folder that will hold the images, whole or not at all.

    Raises:
        ValueError: If an image is missing, damaged or different.
        OSError, EOFError, tarfile.TarError, zlib.error: If the download fails.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".") as temporary:
        fetched, verified = Path(temporary, "fetched"), Path(temporary, "verified")
        _fetch(source, expected, fetched)
        verified.mkdir()
        keys = {value: key for key, value in expected.items()}
        for path in image_files(fetched.rglob("*")):
            key = keys.pop(pixels_sha256(read_gray(path)), None)
            if key is not None:
                shutil.copy(path, verified / f"{key}{path.suffix.lower()}")
        if keys:
            raise ValueError(f"missing or different {', '.join(keys.values())}")
        shutil.rmtree(target, ignore_errors=True)
        verified.rename(target)


def _fetch(source, names, folder):
    """Download an archive, or one file for each of `names`, into `folder`."""
    pooch.get_logger().setLevel("WARNING")
    options = {
        "known_hash": None,  # the pixels are verified, whatever file they come in
        "path": folder,
        "downloader": pooch.HTTPDownloader(progressbar=True, timeout=10),
    }
    if "{name}" in source:
        for name in names:
            pooch.retrieve(source.format(name=name), fname=f"{name}.png", **options)
    else:
        archive = pooch.retrieve(source, fname="archive", **options)
        with tarfile.open(archive) as members:
            members.extractall(folder, filter="data")


@functools.cache
def obstacle(address, patience):
    """What keeps us from `address`: an exception, or `None` if it answers.

    Asked once for each address. Looking up a name has no time limit of its own, so a
    thread does the asking.

    Args:
        address: An http or https address.
        patience: Seconds to wait for an answer.
    """
    outcome = queue.Queue()

    def ask():
        request = urllib.request.Request(address, method="HEAD")
        try:
            urllib.request.urlopen(request, timeout=patience).close()
            outcome.put(None)
        except Exception as error:  # passed on to the one who asked
            outcome.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        return outcome.get(timeout=patience)
    except queue.Empty:
        return TimeoutError(f"no answer within {patience} seconds")


def image_files(paths):
    """Those of `paths` that are images, without what file systems leave beside them."""
    return sorted(x for x in paths if x.suffix.lower() in _ENDINGS and x.name[0] != ".")


def read_gray(path):
    """Read an image; a file that stores gray gives one channel."""
    return photo_files.read(path, keep_gray=True)


def pixels_sha256(image):
    """Checksum of an image's 8-bit pixels, whatever kind of file they came in."""
    return hashlib.sha256(images.to_uint8(image).tobytes()).hexdigest()
