"""Photographs on a Dask cluster: one at a time on each worker, or the tiles of one.

The results are those of one process. A worker that dies loses nothing: its photograph
goes to another one. A photograph that kills its workers is tried once more with nothing
beside it, so that it takes no other one with it, and is reported.

Dask is imported here only, and only when a cluster is asked for.
"""

import contextlib
import functools
import logging
import os
import sys
import threading
import warnings
from collections import deque
from importlib import metadata
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from .. import __version__, tiling
from ..images import to_integers
from . import enlarge, process, results
from .settings import Settings

_SECONDS = 20  # that a scheduler has to answer, and a first worker to come
_PACKAGES = (
    "dask",
    "distributed",
    "imagecodecs",
    "keras",
    "numpy",
    "pillow",
    "scipy",
    "tensorflow",
    "tifffile",
)
_DEADLY = (
    "Expected a photograph that its worker survives. Received: a photograph "
    "at which several died, of too little memory or of damaged data"
)
_one_at_a_time = threading.Lock()  # of a worker's process, however many threads it has


class Job(NamedTuple):
    """A photograph to enlarge. Workers see it at the absolute path that it has here.

    Attributes:
        source: `pathlib.Path` of the photograph.
        target: `pathlib.Path` of its result.
        made: As `results.made` returns it; `None` for a result without a record.
    """

    source: Path
    target: Path
    made: list | None


class Way(NamedTuple):
    """How a worker enlarges.

    Attributes:
        settings: `Settings`.
        tile: As in `enlarge.enlarge`.
        replace: Likewise.
        max_pixels: Likewise.
        versions: As `versions` returns them; those of the worker have to be the same.
    """

    settings: Settings
    tile: int | None
    replace: bool
    max_pixels: int | None
    versions: dict


@contextlib.contextmanager
def opened(workers, address):
    """Workers on this machine for a while, or those of a scheduler that runs.

    Args:
        workers: How many workers to start; `None` for those of a scheduler.
        address: str of the scheduler, such as "tcp://host:8786"; `None` otherwise. How
            to encrypt, Dask reads in its configuration.

    Yields:
        `distributed.Client`.

    Raises:
        ImportError: If Dask isn't installed.
        ValueError: If the scheduler doesn't answer, or has no workers.
    """
    dask, distributed = _imported()
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with contextlib.ExitStack() as stack:
        place = address or stack.enter_context(_local(dask, distributed, workers))
        yield stack.enter_context(_connected(distributed, place))


def versions(settings):
    """What has to be the same in client and workers, by name.

    Args:
        settings: `Settings`, whose weights have to be the same, too.
    """
    found = {"Python": "{}.{}".format(*sys.version_info), "sr_utils": __version__}
    return found | {x: _version(x) for x in _PACKAGES} | settings.record()["weights"]


def check(client, settings):
    """Raise an error unless the workers can enlarge in this way.

    Raises:
        ImportError: As `enlarge.method`.
        ValueError: Likewise, or if client, scheduler and workers differ.
    """
    mine = versions(settings)
    theirs = client.run(versions, settings, on_error="return")
    scheduler = client.get_versions()["scheduler"]["packages"]
    theirs["scheduler"] = {x: scheduler[x] for x in ("dask", "distributed")}
    for place, found in theirs.items():
        _check_same(mine, found, place)
    client.submit(_load, settings, pure=False).result()


def enlarged(client, jobs, way):
    """Enlarge photographs on the workers; one that fails stops no other.

    Args:
        client: `distributed.Client`.
        jobs: List of `Job`.
        way: `Way`.

    Yields:
        `(job, description, error)` of each, as it ends: what became of it and `None`,
        or `None` and why it failed, in a `ValueError`.
    """
    suspects = []
    for job, future in _ended(
        client, jobs, way, lambda: max(1, len(client.nthreads()))
    ):
        if _killed(future):
            suspects.append(job)
        else:
            yield job, *_outcome(future)
    for job, future in _ended(client, suspects, way, lambda: 1):
        yield job, *_outcome(future)


class Tiles:
    """Enlarge the tiles of one photograph on the workers, as `enlarge.enlarge` asks.

    Args:
        client: `distributed.Client`.
        settings: `Settings`.
    """

    def __init__(self, client, settings):
        self._client, self._settings = client, settings

    def __call__(self, windows, name, top, dtype):
        """The tiles of the result in their order, as integers."""
        settings = self._settings._replace(model=name)
        waiting, most = deque(), 2 * max(1, len(self._client.nthreads()))
        for window in windows:
            waiting.append(
                self._client.submit(_tile, window, settings, top, dtype, pure=False)
            )
            if len(waiting) == most:
                yield _result(waiting.popleft())
        while waiting:
            yield _result(waiting.popleft())


def _imported():
    try:
        import dask
        import distributed
    except ImportError as error:
        raise ImportError(
            "Expected Dask for --workers and --scheduler: install it by "
            f'`pip install "dask[distributed]"`. Received: {error}'
        ) from error
    return dask, distributed


def _local(dask, distributed, workers):
    """A cluster whose workers end with this process, however it ends."""
    # Python's resource tracker, a process of its own, would tell of killed workers.
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker:UserWarning")
    with dask.config.set({"distributed.scheduler.allowed-failures": 1}):
        return distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            memory_limit=0,  # tiles keep within the memory
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
        )


def _connected(distributed, place):
    """A client of a scheduler that has a worker; versions are compared later."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            client = distributed.Client(place, timeout=_SECONDS)
    except Exception as error:
        raise ValueError(
            f"Expected a scheduler of Dask at {place}. Received: {error}"
        ) from error
    try:
        client.wait_for_workers(1, timeout=_SECONDS)
    except TimeoutError as error:
        client.close()
        raise ValueError(f"Expected workers at {place}. Received: none") from error
    return client


def _version(package):
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "none"


def _check_same(mine, theirs, place):
    if isinstance(theirs, Exception):
        raise ValueError(
            f"Expected sr_utils {__version__} on all workers. "
            f"Received: {process.on_one_line(theirs)}, at {place}"
        ) from theirs
    other = [f"{x} {theirs[x]}" for x in theirs if theirs[x] != mine.get(x)]
    if other:
        wanted = [f"{x} {mine.get(x)}" for x in theirs if theirs[x] != mine.get(x)]
        raise ValueError(
            f"Expected what the client has, {', '.join(wanted)}. "
            f"Received: {', '.join(other)}, at {place}"
        )


def _ended(client, jobs, way, together):
    """Pairs `(job, future)` as they end; up to `together()` are with the workers.

    A worker that dies takes all that it was given with it, so none is given a second.
    """
    from distributed import as_completed

    left, running, ended = iter(jobs), {}, as_completed()

    def submit():
        for job in islice(left, max(0, together() - len(running))):
            paths = job.source.absolute(), job.target.absolute()
            future = client.submit(_enlarged, Job(*paths, job.made), way, pure=False)
            running[future.key] = job
            ended.add(future)

    submit()
    while running:
        future = next(ended)
        yield running.pop(future.key), future
        submit()


def _killed(future):
    """Whether several workers died of a task, once it has ended."""
    from distributed import wait
    from distributed.scheduler import KilledWorker

    wait(future)
    return future.status == "error" and isinstance(future.exception(), KilledWorker)


def _result(future):
    """What a task returned.

    Raises:
        ValueError: If its workers died.
    """
    if _killed(future):
        raise ValueError(_DEADLY)
    return future.result()


def _outcome(future):
    """The description and the error of a task that ended."""
    if future.status == "finished":
        description, message = future.result()
        return description, None if message is None else ValueError(message)
    if _killed(future):
        return None, ValueError(_DEADLY)
    return None, ValueError(
        f"Expected an answer of the cluster. Received: {future.status}"
    )


def _enlarged(job, way):
    """In a worker: what became of a photograph and `None`, or `None` and a message.

    A worker may have died between the end of its work and its answer. Then the result
    is there, and stays.
    """
    try:
        with _one_at_a_time:
            _check_same(way.versions, versions(way.settings), "this worker")
            return _described(job, way), None
    except FileExistsError as error:
        if job.made and results.is_done(job.target, job.made):
            return "finished by a worker that died", None
        return None, process.on_one_line(error)
    except Exception as error:  # reported by the client, whatever it is
        return None, process.on_one_line(error)


def _described(job, way):
    shape, clauses = enlarge.enlarge(
        job.source,
        job.target,
        _method(way.settings),
        way.tile,
        replace=way.replace,
        max_pixels=way.max_pixels,
        finished=results.record(job.target, job.made) if job.made else None,
    )
    return results.description(shape, clauses)


def _tile(window, settings, top, dtype):
    """In a worker: a tile, `(rows, columns, channels)`."""
    pixels, *spans = window
    with _one_at_a_time:
        method = _method(settings)
        upscaler = enlarge.for_pixels(method, pixels.shape[-1], top)
        return to_integers(tiling.core(upscaler, pixels, *spans), dtype)


def _load(settings):
    """In a worker: raise the error of a wrong method."""
    with _one_at_a_time:
        _method(settings)


@functools.lru_cache(maxsize=1)
def _method(settings):
    """Loaded once in a worker, which computes in one thread unless it is told more."""
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    return settings.method()
