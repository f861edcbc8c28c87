"""Write files whole or not at all."""

import contextlib
import tempfile
from pathlib import Path


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
def whole(path):
    """A place beside `path` to write to, renamed to `path` at the end of the block.

    If the block fails, nothing is left of it, and a file that was there stays.

    Args:
        path: As for `write_whole`.

    Yields:
        `pathlib.Path` with the name of `path`, in a temporary folder.

    Raises:
        ValueError: If `path` is no place for a file, such as a folder.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".") as folder:
        temporary = Path(folder, path.name)
        yield temporary
        try:
            temporary.replace(path)
        except OSError as error:
            raise ValueError(
                f"Expected a place for a file ({error.strerror}). Received: {path}"
            ) from error
