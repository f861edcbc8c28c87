"""Write files whole or not at all."""

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
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".") as folder:
        temporary = Path(folder, path.name)
        temporary.write_bytes(data)
        try:
            temporary.replace(path)
        except OSError as error:
            raise ValueError(
                f"Expected a place for a file ({error.strerror}). Received: {path}"
            ) from error
