"""What a command needs of the process it runs in: streams, and an end by a signal.

It imports nothing that takes time, so that a command can call `prepare` first.
"""

import contextlib
import ctypes
import os
import signal
import sys
import threading
from pathlib import Path

_ENDING = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
    if hasattr(signal, name)  # Windows has no SIGHUP
]
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of the GNU C library's malloc.h


def prepare(line):
    """Open closed streams, and let SIGINT end the process with one line from now on.

    An exception in the middle of an import would be replaced or swallowed by the
    libraries. So the process ends at once: what has to be cleaned up belongs into a
    block of `stoppable`.

    Args:
        line: What SIGINT prints to stderr, as it was at the time of this call.
    """
    _open_streams()
    heard = os.dup(2)

    def end(number, _):
        with contextlib.suppress(OSError):
            os.write(heard, f"{line}\n".encode())
        os._exit(128 + number)

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, end)


@contextlib.contextmanager
def stoppable():
    """A block in which SIGINT, SIGTERM and SIGHUP raise `KeyboardInterrupt`.

    Signals that the process ignores, as SIGHUP after `nohup`, stay ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # Python delivers signals to the main thread only
        return
    handlers = {number: signal.getsignal(number) for number in _ENDING}
    before = {x: y for x, y in handlers.items() if y not in (signal.SIG_IGN, None)}
    try:
        for number in before:
            signal.signal(number, _raise)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def status(stop):
    """The exit status after a `KeyboardInterrupt`: 128 and the number of its signal."""
    return 128 + (stop.args[0] if stop.args else signal.SIGINT)


def say(text, stream="stdout"):
    """Print a line, or drop it and all later ones where the stream takes none.

    Args:
        text: str.
        stream: "stdout" or "stderr".

    Returns:
        The `OSError`, such as that of a closed pipe; `None` if the line was printed.
    """
    file = getattr(sys, stream)
    try:
        print(text, file=file, flush=True)
    except OSError as error:
        _drop(file)
        return error
    return None


def keep_freed_memory():
    """Let the C library keep freed blocks for the next layer's maps, where it can.

    The GNU C library gives blocks above 32 MiB back to the system at once, and to get
    them again, page by page, costs a network a tenth of its time and more.
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):  # other libraries
        mallopt = ctypes.CDLL(None).mallopt
        for parameter in (_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD):
            mallopt(parameter, 2**30)


def on_one_line(error):
    """The message of an error on one line, or its type if it has none."""
    return " ".join(str(error).split()) or type(error).__name__


def _raise(number, _):
    raise KeyboardInterrupt(number)


def _open_streams():
    """Take /dev/null for closed streams, or the next file would become stderr."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w" if number else "r"))  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")


def _drop(file):
    """Send what a stream still holds, and all that comes, to nowhere."""
    with contextlib.suppress(OSError, ValueError), Path(os.devnull).open("w") as to:
        os.dup2(to.fileno(), file.fileno())
