"""Write files whole or not at all."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

_PREFIX = ".sr_utils-"
_LOCK = "lock"


def write_whole(path, data):
    """Write bytes beside `path` and rename: no one ever sees half a file.

    Args:
        path: Where to write, a `pathlib.Path` in an existing folder.
        data: bytes.

    Raises:
        ValueError: If `path` is no place for a file, such as a folder.
    """
    with whole(path) as temporary:
        temporary.write_bytes(data)


@contextlib.contextmanager
def whole(path, *, replace=True):
    """A place beside `path` to write to, renamed to `path` at the end of the block.

    If the block fails, nothing is left of it, and a file that was there stays. If the
    process is killed, a hidden folder stays; `remove_leftovers` removes it.

    Args:
        path: As for `write_whole`.
        replace: Whether a file that is there at the end of the block is replaced.

    Yields:
        `pathlib.Path` with the name of `path`, in a temporary folder.

    Raises:
        FileExistsError: If there is a file and `replace` is `False`.
        ValueError: If `path` is no place for a file, such as a folder.
    """
    made = tempfile.TemporaryDirectory(dir=path.parent, prefix=_PREFIX)
    with made as folder, _locked(Path(folder)):
        temporary = Path(folder, path.name)
        yield temporary
        _move(temporary, path, replace)


def remove_leftovers(folder):
    """Remove the hidden folders that killed processes left in a folder.

    The lock in such a folder tells: the system frees it when its process ends, however
    it ends, and on whichever side of a container it ran. Folders without a lock stay,
    and so do all on Windows.

    Args:
        folder: `pathlib.Path`; nothing happens if there is none.
    """
    for left in folder.glob(f"{_PREFIX}*"):
        if fcntl and not left.is_symlink():
            _remove_if_free(left)


def _remove_if_free(folder):
    with contextlib.suppress(OSError), (folder / _LOCK).open("rb+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)


@contextlib.contextmanager
def _locked(folder):
    """Lock a folder before the lock has its name: none is seen that isn't held."""
    if fcntl is None:
        yield
        return
    unnamed = folder / f"new {_LOCK}"
    with unnamed.open("wb") as lock:
        with contextlib.suppress(OSError):  # some network file systems have no locks
            fcntl.flock(lock, fcntl.LOCK_EX)
            unnamed.rename(folder / _LOCK)
        yield


def _move(temporary, path, replace):
    try:
        if replace:
            temporary.replace(path)
        else:
            _link(temporary, path)
    except FileExistsError:
        raise FileExistsError(f"Expected a new file. Received: {path}") from None
    except OSError as error:
        raise ValueError(
            f"Expected a place for a file ({error.strerror}). Received: {path}"
        ) from error


def _link(temporary, path):
    """Give a file its name, unless the name is taken, in one step."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # file systems without hard links, such as exFAT
        path.open("xb").close()
        temporary.replace(path)
