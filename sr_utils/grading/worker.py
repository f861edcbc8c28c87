"""The warm process inside the sandbox: all is imported there, and it forks for tasks.

It runs as a script, and never sees what students wrote: each fork gets a connection of
its own to the teacher's process, over which it receives the cells and then one call
after the other. No expected value comes in. When a fork has ended, its files are
removed; if that fails, the whole sandbox ends.
"""

import contextlib
import importlib
import io
import json
import linecache
import os
import pkgutil
import re
import select
import shutil
import signal
import socket
import sys
import time
import traceback
import types
from pathlib import Path

import limits
import numpy as np
import wire

_PRINTED = 10_000  # characters that are kept of what a cell prints
_TEXT = 2_000  # characters of an error's message
_WARM = (
    *("keras", "tensorflow", "matplotlib.pyplot", "skimage.color", "skimage.metrics"),
    *("skimage.transform", "scipy.fft", "scipy.interpolate", "scipy.linalg"),
    *("scipy.ndimage", "scipy.optimize", "scipy.signal", "scipy.sparse.linalg"),
)
_CELL = "<cell {}>"


def main():
    """Import everything, say so, then fork for each job until the connection closes."""
    control = socket.socket(fileno=0)
    user = int(sys.argv[1])
    with contextlib.suppress(OSError):  # out of memory, this goes before anything else
        Path("/proc/self/oom_score_adj").write_text("1000")
    limits.seal()
    _warm_up()
    _check_limits()
    control.send(b'"ready"')
    while True:
        request, handles, _, _ = socket.recv_fds(control, 4096, 1)
        if not request:
            return
        if handles:  # otherwise it asks to stop a job that has ended meanwhile
            ended = _job(json.loads(request), handles[0], control, user)
            control.send(json.dumps(ended).encode())


def _warm_up():
    """Import what tasks use. TensorFlow starts no threads, which a fork would lose."""
    import matplotlib

    matplotlib.use("Agg")
    for name in _WARM:
        importlib.import_module(name)
    package = importlib.import_module("sr_utils")
    for module in pkgutil.walk_packages(package.__path__, "sr_utils."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def _check_limits():
    """End here, not in each student's task, if the system refuses the limits."""
    child = os.fork()
    if child == 0:
        limits.apply(10)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        sys.exit("The system refuses the limits of students' processes.")


def _job(request, handle, control, user):
    """Fork for one task; how the fork ended, when nothing is left of it."""
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        _become(user)
        control.close()
        _run_and_exit(request, socket.socket(fileno=handle))
    os.close(handle)
    _wait(child, control, start + request["wall"])
    os.kill(child, signal.SIGKILL)  # it can't have made others
    _, status, usage = os.wait4(child, 0)
    _clean()
    return {
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
        "seconds": usage.ru_utime + usage.ru_stime,
    }


def _wait(child, control, deadline):
    """Wait for the end of a fork or of its time, or for the word to stop it."""
    ended = os.pidfd_open(child)
    try:
        left = max(0, deadline - time.monotonic())
        ready, _, _ = select.select([ended, control], [], [], left)
        if control in ready:
            control.recv(1)
    finally:
        os.close(ended)


def _clean():
    for path in Path.cwd().iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _become(user):
    """Give up root, where the sandbox was started by root."""
    if os.getuid() == 0 and user:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)


def _run_and_exit(request, connection):
    try:
        limits.apply(request["seconds"])
        _serve(connection)
    except BaseException:  # the teacher's process sees that the connection ended
        os._exit(1)
    os._exit(0)


def _serve(connection):
    """Run the cells, then answer calls until the connection ends."""
    job, _ = wire.receive(connection)
    _block(job["blocked"])
    space = _notebook()
    for name, source in job["cells"]:
        with _Printed() as printed:
            error = _attempt(_execute, name, source, space)[1]
        message = {"error": error, "printed": printed.text()}
        wire.send(connection, message | {"seconds": time.process_time()})
    wire.send(connection, {"found": callable(space.get(job["function"]))})
    call = _caller(job, space)
    while True:
        _, arguments = wire.receive(connection)
        _answer(connection, call, arguments)


def _answer(connection, call, arguments):
    kept = _copied(arguments)
    with _Printed() as printed:
        value, error = _attempt(call, arguments)
    message = {"error": error, "printed": printed.text()}
    message["modified"] = not _same(kept, arguments)
    message["nothing"] = value is None
    try:
        wire.send(connection, message, _plain(value))
    except Exception:  # whatever an unknown object does when it is looked at
        message["kind"] = str(type(value).__name__)[:100]
        wire.send(connection, message)


def _plain(value):
    """What a function returned, as numbers, text, arrays and lists of them."""
    if hasattr(value, "__array__"):
        return np.array(value.numpy() if hasattr(value, "numpy") else value)
    if isinstance(value, list | tuple):
        items = [_plain(item) for item in value]
        numbers = items and all(type(x) in (int, float, bool) for x in items)
        return np.array(items) if numbers else items
    return value


def _notebook():
    """A fresh namespace that looks like a notebook's."""
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    module.display = lambda *values, **_: print(*values)
    return vars(module)


def _block(names):
    """Remove functions, wherever their package binds them."""
    for name in names:
        place, _, attribute = name.rpartition(".")
        found = getattr(importlib.import_module(place), attribute)
        package = name.partition(".")[0]
        for key, module in list(sys.modules.items()):
            if key.partition(".")[0] == package and module is not None:
                for bound in [k for k, v in list(vars(module).items()) if v is found]:
                    delattr(module, bound)


def _execute(name, source, space):
    file = _CELL.format(name)
    lines = source.splitlines(keepends=True)
    linecache.cache[file] = (len(source), None, lines, file)
    exec(compile(source, file, "exec"), space)


def _caller(job, space):
    """The function that calls are answered with, looked up when it is called."""

    def call(arguments):
        function = space[job["function"]]
        return inside(function, *arguments) if inside else function(*arguments)

    inside = None
    if job["inside"]:
        hidden = {}
        exec(job["inside"], hidden)
        inside = hidden[job["inside_name"]]
    return call


def _attempt(function, *arguments):
    """The result, or a description of the error, of which one is `None`."""
    try:
        return function(*arguments), None
    except BaseException as error:  # also SystemExit and KeyboardInterrupt
        return None, _described(error)


def _described(error):
    """Kind, message and place of an error, for the student's eyes."""
    places = [(x.filename, x.lineno) for x in traceback.extract_tb(error.__traceback__)]
    message = _text(error)
    if isinstance(error, SyntaxError):
        places.append((error.filename, error.lineno))
        message = str(error.msg)
    line, cell = 0, ""
    for file, number in places:
        if match := re.fullmatch(_CELL.format("(.*)"), str(file)):
            line, cell = number, match[1]
    kind = type(error).__name__[:100]
    return {"kind": kind, "message": message[:_TEXT], "line": line, "cell": cell}


def _text(error):
    try:
        return str(error)
    except BaseException:
        return ""


def _copied(value):
    if isinstance(value, list | tuple):
        return type(value)(_copied(item) for item in value)
    return value.copy() if hasattr(value, "copy") else value


def _same(x, y):
    if isinstance(x, list | tuple):
        return len(x) == len(y) and all(map(_same, x, y))
    x, y = np.asarray(x), np.asarray(y)
    return (x.dtype, x.shape, x.tobytes()) == (y.dtype, y.shape, y.tobytes())


class _Printed(contextlib.ExitStack):
    """Keeps the beginning of what is printed to stdout and stderr."""

    def __enter__(self):
        super().__enter__()
        self.buffer = _Short()
        self.enter_context(contextlib.redirect_stdout(self.buffer))
        self.enter_context(contextlib.redirect_stderr(self.buffer))
        return self

    def text(self):
        return self.buffer.kept


class _Short(io.TextIOBase):
    def __init__(self):
        self.kept = ""

    def writable(self):
        return True

    def write(self, text):
        self.kept += text[: _PRINTED - len(self.kept)]
        return len(text)


if __name__ == "__main__":
    main()
