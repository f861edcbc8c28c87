"""Results: their names, whose place they may take, and which of them are done.

A result in a folder has a record beside it, in a hidden folder: of which photograph it
was made, and how. The record is written before the result gets its name, and knows the
result by its size and time. So it proves nothing about an unfinished or another file,
whatever was killed in between.
"""

import json
from collections import defaultdict
from pathlib import Path

_RECORDS = ".sr-upscale"


def named(photographs):
    """The names of the PNG files that photographs become in one folder.

    A result has the name of its photograph with another ending. Photographs that would
    share one, such as a.jpg and a.png, keep theirs in it: a.jpg.png and a.png.png.

    Args:
        photographs: List of names of files.

    Returns:
        Dictionary from each name to that of its result.
    """
    names, kept = set(photographs), set()
    while True:
        found = {x: f"{x if x in kept else Path(x).stem}.png" for x in names}
        sharing = defaultdict(set)  # to some systems, a and A are the same
        for name, result in found.items():
            sharing[result.casefold()].add(name)
        shared = {x for group in sharing.values() if len(group) > 1 for x in group}
        if shared <= kept:
            return found
        kept |= shared


def identity(path):
    """What all names of a file or folder share; `None` if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


class Places:
    """Where results may be written.

    Args:
        photographs: Paths of all photographs to enlarge; none is ever replaced.
        done: Paths of results that are there and stay.
        overwrite: Whether other files may be replaced.
    """

    def __init__(self, photographs, done, overwrite):
        self._inputs = {identity(path) for path in photographs} - {None}
        self._taken, self._overwrite = set(done), overwrite

    def check(self, target):
        """Raise an error if no result may be written to a path.

        Raises:
            ValueError: That says why.
        """
        if identity(target) in self._inputs:
            raise ValueError(
                "Expected another name for the result; a photograph to enlarge is "
                f"never replaced. Received: {target}"
            )
        if target in self._taken:
            raise ValueError(
                f"Expected another name: a photograph before it became {target}, too"
            )
        if (target.exists() or target.is_symlink()) and not self._overwrite:
            raise ValueError(f"Expected a new file, or --overwrite. Received: {target}")

    def take(self, target):
        """Give a path to the result of one photograph and to no other."""
        self._taken.add(target)


def made(source, settings):
    """How a result is made: of which file, as it is now, and by which `Settings`."""
    return [str(source.resolve()), _described(source), settings.record()]


def record(target, made):
    """A function that records a finished result before it has its name.

    Args:
        target: `pathlib.Path` that the result will have.
        made: What `made` returned before the photograph was read.

    Returns:
        Function of the `pathlib.Path` of the finished file, in a folder of its own.
    """

    def finished(place):
        text = json.dumps({"result": _described(place), "made": made}, indent=1)
        temporary = place.with_name("record")
        temporary.write_text(text, encoding="utf-8")
        _of(target).parent.mkdir(exist_ok=True)
        temporary.replace(_of(target))

    return finished


def is_done(target, made):
    """Whether there is a whole result that was made in this way.

    Args:
        target: `pathlib.Path` of the result.
        made: What `made` returns.
    """
    try:
        known = json.loads(_of(target).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return known == {"result": _described(target), "made": made}


def description(shape, clauses):
    """Of a result: such as "36 x 24 pixels; the color profile is left out".

    Args:
        shape: Of the result, `(height, width, channels)`.
        clauses: Strings.
    """
    return "; ".join([f"{shape[1]} x {shape[0]} pixels", *clauses])


def _described(path):
    """Name, bytes and the time of the last change of a file; `None` without one."""
    try:
        found = path.stat()
    except OSError:
        return None
    return [path.name, found.st_size, found.st_mtime_ns]


def _of(target):
    return target.parent / _RECORDS / f"{target.name}.json"
