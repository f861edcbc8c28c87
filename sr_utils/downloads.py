"""Where data and weights come from: a place you name, the cache, or the network.

Pooch, Keras and TensorFlow Hub never end a download that gets one byte a second, so all
of ours go through `file`.
"""

import os
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pooch
import requests
from tqdm import tqdm

from . import runtime

OFF = "none"  # the value of a variable that switches its downloads off
CACHE = (
    runtime.project() / "data" / "cache"
    if runtime.project()
    else Path(pooch.os_cache(__package__))
)
CONNECT_TIMEOUT = 5  # seconds without a connection
READ_TIMEOUT = 10  # seconds without another byte, or with fewer than `LEAST_BYTES`
LEAST_BYTES = 10_000
_CHUNK = 2**16  # bytes read at once, at most


class Item(NamedTuple):
    """Something that can be named, cached or downloaded."""

    name: str
    variable: str  # of the environment: names a place for it, or is "none"
    target: Path  # the file or folder in the cache
    megabytes: float
    terms: str  # author and license, as they are announced
    sources: tuple  # addresses, tried in turn
    get: Callable  # (source, folder) -> path of what was downloaded into the folder
    instead: str = "it is left out"
    md5: str | None = None  # of a file; otherwise reading it shows any damage


def load(item, read):
    """What `read` makes of an item, from the first place that has it.

    These are the place that its variable names, the cache, and the network. What is
    damaged in the cache stays there until something better has been read.

    Args:
        item: An `Item`.
        read: Function of a path. It raises an exception if what is there is damaged.

    Returns:
        The result of `read`, or `None` after a notice that says why.

    Raises:
        ValueError: If the named place doesn't hold it.
    """
    place, damage = named(item.variable), None
    try:
        if place is not None:
            return read(place)
        if item.target.exists():
            return _verified(item, item.target, read)
    except Exception as error:  # TensorFlow and HDF5 raise many types
        if place is not None:
            raise ValueError(
                f"Expected {item.variable} to name {item.name} ({_one_line(error)}). "
                f"Received: {place}"
            ) from error
        damage = f"{item.target}: {_one_line(error)}"
    try:
        return fetch(item, read, damage)
    except ValueError as error:
        print(f"NOTICE: {error}")
        return None


def fetch(item, read=lambda path: path, damage=None):
    """Download an item, announced, and put it into the cache once `read` has read it.

    Args:
        item: An `Item`.
        read: As in `load`; what it reads lies in a temporary folder.
        damage: What is wrong with the cache, to be announced too.

    Returns:
        The result of `read`.

    Raises:
        ValueError: If downloads are switched off, or no source gives it.
    """
    off = os.environ.get(item.variable) == OFF
    failures = [damage] if damage else []
    if off:
        failures.append("switched off")
    else:
        print(*failures, f"{item.name}: {item.megabytes} MB, {item.terms}.", sep="\n")
    for source in () if off else item.sources:
        try:
            return _install(item, source, read)
        except Exception as error:  # requests, tarfile and TensorFlow raise many types
            failures.append(f"{source}: {_one_line(error)}")
    raise ValueError(
        f"{item.name} can't be had, so {item.instead}; connect to the internet or set "
        f"{item.variable} to have it ({'; '.join(failures)})."
    )


def named(variable):
    """The place that an environment variable names, or `None` if unset or "none".

    A relative path in it begins at the project's folder, wherever a lesson runs; where
    the package was installed without the project, at the current folder.
    """
    value = os.environ.get(variable)
    if not value or value == OFF:
        return None
    return (runtime.project() or Path.cwd()) / Path(value).expanduser()


def file(address, folder):
    """Download one file into a folder, with a progress bar, and return its path.

    Raises:
        OSError: If there is no such file, no connection, or too little comes.
        urllib3.exceptions.HTTPError: If the connection breaks.
    """
    path = folder / Path(urlsplit(address).path).name
    with _connect(address) as response, path.open("wb") as target:
        response.raise_for_status()
        size = int(response.headers.get("Content-Length", 0)) or None
        options = {"unit": "B", "unit_scale": True, "leave": False}
        with tqdm(total=size, file=sys.stdout, **options) as bar:
            for chunk in _chunks(response.raw):
                bar.update(target.write(chunk))
    return path


def archive(address, folder):
    """Download a tar archive into a folder, and return the folder it is unpacked in.

    Raises:
        tarfile.TarError: If it is no archive, or would write outside of the folder.
        OSError, urllib3.exceptions.HTTPError: As `file`.
    """
    unpacked = folder / "unpacked"
    with tarfile.open(file(address, folder)) as members:
        members.extractall(unpacked, filter="data")
    return unpacked


def _install(item, source, read):
    """Download beside the target, read it there, and only then move it."""
    parent = item.target.parent
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix=".") as temporary:
        found = item.get(source, Path(temporary))
        result = _verified(item, found, read)
        if item.target.is_dir():  # a folder with files in it can't be replaced
            item.target.rename(Path(temporary, "old"))
        found.replace(item.target)
    return result


def _verified(item, path, read):
    received = item.md5 and pooch.file_hash(str(path), alg="md5")
    if received != item.md5:
        raise ValueError(f"Expected the MD5 checksum {item.md5}. Received: {received}")
    return read(path)


def _connect(address):
    """The response to a request. A thread asks: looking up a name has no time limit."""
    worker = ThreadPoolExecutor(max_workers=1)
    answer = worker.submit(
        requests.get,
        address,
        headers={"Accept-Encoding": "identity"},
        stream=True,
        timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
    )
    worker.shutdown(wait=False)
    return answer.result(CONNECT_TIMEOUT + READ_TIMEOUT)


def _chunks(body):
    """The bytes of a response, as long as they come fast enough."""
    received, start = 0, time.monotonic()
    while chunk := body.read1(_CHUNK):
        yield chunk
        received += len(chunk)
        if time.monotonic() - start > READ_TIMEOUT:
            if received < LEAST_BYTES:
                raise TimeoutError(f"{received} bytes in {READ_TIMEOUT} seconds")
            received, start = 0, time.monotonic()


def _one_line(error):
    """What an exception says, in its first line."""
    return (str(error) or type(error).__name__).splitlines()[0]
