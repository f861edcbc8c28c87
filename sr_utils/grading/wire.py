"""Messages between the teacher's process and the sandbox: JSON, and arrays as `.npy`.

Nothing is ever unpickled. The sandbox loads this file, too, so it imports NumPy only.
"""

import io
import itertools
import json
import struct

import numpy as np

LIMIT = 2**27  # bytes of a message; a class' photographs are far smaller
_KINDS = "biufU"  # booleans, whole numbers, floats, text
_HEADER = struct.Struct(">II")


class WireError(Exception):
    """The other side sent something that isn't a message."""


class EndError(Exception):
    """The other side stopped sending."""


def send(connection, message, value=None):
    """Send one message.

    Args:
        connection: Connected `socket.socket`.
        message: Dictionary that JSON can hold.
        value: What `pack` takes.
    """
    arrays = []
    tree = pack(value, arrays)
    sizes = [len(data) for data in arrays]
    head = json.dumps(message | {"tree": tree, "sizes": sizes}).encode()
    connection.sendall(_HEADER.pack(len(head), sum(sizes)) + head)
    for data in arrays:
        connection.sendall(data)


def receive(connection, wait=None):
    """Receive one message.

    Args:
        connection: Connected `socket.socket`.
        wait: Called before each read, to raise when it is too late.

    Returns:
        The dictionary and the value of `send`.

    Raises:
        EndError: If the connection ends too early.
        WireError: If what comes isn't a message, or is too long.
    """
    sizes = _HEADER.unpack(_exactly(connection, _HEADER.size, wait))
    if sum(sizes) > LIMIT:
        raise WireError(f"Expected at most {LIMIT} bytes. Received: {sum(sizes)}")
    head, body = (_exactly(connection, size, wait) for size in sizes)
    try:
        message = json.loads(head)
        parts = _split(body, message.pop("sizes"))
        return message, unpack(message.pop("tree"), parts)
    except WireError:
        raise
    except Exception as error:  # whatever a hostile sender provokes
        raise WireError(
            f"Expected a message. Received: {type(error).__name__}"
        ) from None


def pack(value, arrays):
    """The structure of a value as JSON can hold it; its arrays are appended to a list.

    Args:
        value: `None`, a number, a string, an array of numbers or strings, or lists and
            tuples of them.
        arrays: List, to which the bytes of an `.npy` file are added for each array.

    Raises:
        TypeError: If it is something else.
    """
    if isinstance(value, list | tuple):
        return {type(value).__name__: [pack(item, arrays) for item in value]}
    if isinstance(value, np.ndarray | np.generic):
        arrays.append(_npy(np.asarray(value)))
        return {"array": len(arrays) - 1}
    if value is None or isinstance(value, bool | int | float | str):
        return {"plain": value}
    raise TypeError(
        f"Expected numbers, text or arrays. Received: {type(value).__name__}"
    )


def unpack(tree, parts):
    """The value that `pack` made a tree and arrays of."""
    ((kind, inside),) = tree.items()
    if kind == "array":
        return _array(parts[inside])
    if kind == "plain" and (inside is None or isinstance(inside, int | float | str)):
        return inside
    if kind in ("list", "tuple") and isinstance(inside, list):
        items = [unpack(item, parts) for item in inside]
        return items if kind == "list" else tuple(items)
    raise WireError("Expected a value. Received: an unknown kind")


def _npy(array):
    if array.dtype.kind not in _KINDS:
        raise TypeError(f"Expected numbers. Received: dtype {array.dtype}")
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _array(data):
    array = np.load(io.BytesIO(data), allow_pickle=False)
    if type(array) is not np.ndarray or array.dtype.kind not in _KINDS:
        raise WireError("Expected an array of numbers. Received: something else")
    return array


def _split(body, sizes):
    ends = np.cumsum([0, *sizes])
    if ends[-1] != len(body) or min([0, *sizes]) < 0:
        raise WireError("Expected arrays of the announced sizes. Received: others")
    return [body[start:end] for start, end in itertools.pairwise(ends)]


def _exactly(connection, size, wait):
    data = bytearray()
    while len(data) < size:
        if wait:
            wait()
        chunk = connection.recv(min(size - len(data), 2**20))
        if not chunk:
            raise EndError("Expected more. Received: the end")
        data += chunk
    return bytes(data)
