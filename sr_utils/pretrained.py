"""ESRGAN, a network that others trained, from a folder or from TensorFlow Hub.

Source: Wang et al. 2018, trained again for TensorFlow 2 by captain-pool; lesson 5.
"""

import contextlib
import os
import shutil
import socket
import tempfile
import urllib.error
import warnings
from pathlib import Path

from . import datasets, downloads, runtime

FOLDER_VARIABLE = "SR_ESRGAN_DIR"
OFF = "none"  # the value of the variable that switches the download off
ADDRESSES = (
    "https://tfhub.dev/captain-pool/esrgan-tf2/1",
    "https://www.kaggle.com/models/kaggle/esrgan-tf2/frameworks/TensorFlow2/"
    "variations/esrgan-tf2/versions/1",
)
_PATIENCE = 5  # seconds without an answer, or without another byte


def load_esrgan():
    """ESRGAN for scale 4, from the first place that has it.

    These are the folder that the environment variable `SR_ESRGAN_DIR` names, our cache,
    and the internet (40 MB, once; `SR_ESRGAN_DIR=none` forbids it).

    Returns:
        What `hub.load` returns, or `None` after a notice that says why. It is a
        function from float32 RGB in **[0, 255]**, `(batch, height, width, 3)` with
        sizes that 4 divides, to four times the size, neither clipped nor rounded.

    Raises:
        ValueError: If the folder that `SR_ESRGAN_DIR` names holds no SavedModel.
    """
    named = os.environ.get(FOLDER_VARIABLE)
    if named and named != OFF:
        return _load_folder(Path(named).expanduser())
    try:
        return _load_cached() or _download(allowed=not named)
    except Exception as error:  # urllib, tarfile and TensorFlow raise many types
        print(
            "NOTICE: ESRGAN can't be had, so it is left out; connect to the internet "
            f"or set {FOLDER_VARIABLE} to have it ({_one_line(error)})."
        )
        return None


def import_hub():
    """The module `tensorflow_hub`, without the warnings of what it imports."""
    with warnings.catch_warnings(), runtime.silence():
        warnings.simplefilter("ignore")
        import tensorflow_hub
    return tensorflow_hub


def _load_folder(folder):
    try:
        return import_hub().load(str(folder))
    except Exception as error:  # TensorFlow raises many types on damaged files
        raise ValueError(
            f"Expected {FOLDER_VARIABLE} to name the folder of a SavedModel "
            f"({_one_line(error)}). Received: {folder}"
        ) from error


def _load_cached():
    """ESRGAN from an earlier download; `None` if there is none or it is damaged."""
    try:
        return import_hub().load(str(_cache()))
    except Exception:  # fetched again, as above
        shutil.rmtree(_cache(), ignore_errors=True)
        return None


def _download(allowed):
    """Fetch ESRGAN from the first address that gives it whole."""
    if not allowed:
        raise ValueError("switched off")
    failures = []
    for address in ADDRESSES:
        try:
            return _fetch(address)
        except Exception as error:  # passed on when no address is left
            failures.append(_one_line(error))
    raise ValueError("; ".join(dict.fromkeys(failures)))


def _fetch(address):
    """Download into a temporary folder, load from there, and only then keep it.

    TensorFlow Hub's own cache would keep an archive that breaks off between two files,
    and its lock, left by a process that was killed, makes others wait for minutes.
    """
    obstacle = downloads.obstacle(address, _PATIENCE)
    if obstacle and not isinstance(obstacle, urllib.error.HTTPError):
        raise obstacle  # an HTTP error may be about the question; the download tells
    print(f"ESRGAN: 40 MB, trained by captain-pool, MIT license, from {address}")
    _cache().parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=_cache().parent, prefix=".") as folder,
        _hub_settings(folder),
    ):
        model = import_hub().load(address)
        with contextlib.suppress(OSError):  # another process was faster
            Path(import_hub().resolve(address)).rename(_cache())
    return model


@contextlib.contextmanager
def _hub_settings(folder):
    """For a while, TensorFlow Hub caches in `folder`, and its connections give up."""
    name, limit = "TFHUB_CACHE_DIR", socket.getdefaulttimeout()
    before = os.environ.get(name)
    os.environ[name] = folder
    socket.setdefaulttimeout(_PATIENCE)
    try:
        yield
    finally:
        socket.setdefaulttimeout(limit)
        os.environ.pop(name, None)
        if before is not None:
            os.environ[name] = before


def _cache():
    return datasets.CACHE / "esrgan"


def _one_line(error):
    """What an exception says, in its first line."""
    return (str(error) or type(error).__name__).splitlines()[0]
