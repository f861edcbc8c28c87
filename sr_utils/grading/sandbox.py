"""A place where students' code runs: no network, no course folder, nothing to keep.

`bwrap` shows a warm Python process the system's libraries, read-only, and one small
folder in memory. `worker` is what runs there.
"""

import contextlib
import functools
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sr_utils import pretrained, runtime

from . import limits, wire

_START = 300  # seconds; ten on an idle machine
_GRACE = 10  # seconds for the warm process to end a task
_PACKAGE = Path(pretrained.__file__).parent
_COURSE = "/course"  # inside: the package
_PLACE = "/sandbox"  # inside: the only folder that can be written to
_DISK = 2**28  # bytes
_SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/alternatives")
_CAPABILITIES = ("SETUID", "SETGID", "KILL", "DAC_OVERRIDE")  # of the warm process


class SandboxError(Exception):
    """There is no sandbox here; the message says why and what to do."""


class StoppedError(Exception):
    """A task's process ended without an answer; the message says how, in a sentence."""


def missing():
    """Why there is no sandbox on this machine, or `None` if there is one."""
    if sys.platform != "linux" or not limits.known_machine():
        return "the sandbox needs Linux on x86_64 or aarch64"
    if shutil.which("bwrap") is None:
        return "bubblewrap isn't installed (apt-get install bubblewrap)"
    return _forbidden()


def check():
    """Say what to do if there is no sandbox.

    Raises:
        SandboxError: If there is none.
    """
    if reason := missing():
        raise SandboxError(
            f"Students' code isn't run here: {reason}. Grade in a container, as "
            "notebooks/assignments/README.md says, or add --without-sandbox if you "
            "trust every line of every student."
        )


@functools.cache
def _forbidden():
    command = [*_bubblewrap(), "/usr/bin/env", "true"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return None
    return f"this system forbids namespaces ({' '.join(done.stderr.split())})"


class Sandbox:
    """A warm process that forks for each task; it is started when first needed.

    Args:
        open_air: Run without `bwrap`, with the limits of `limits` alone.

    Attributes:
        closed: Whether it is of no more use.
    """

    def __init__(self, open_air=False):
        self.open_air = open_air
        self._process = None
        self.closed = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.closed = True
        self.stop()

    @contextlib.contextmanager
    def session(self, job, seconds):
        """A fresh process for one task.

        Args:
            job: What `worker` reads first: cells, function, what is blocked.
            seconds: Processor time for all that happens in it, a whole number. It may
                take three times as long, for a machine that does other things, too.

        Yields:
            `Session`.

        Raises:
            SandboxError: If the warm process can't be started.
            StoppedError: If the process of the task ends too early.
        """
        if self._process is None:
            self._start()
        ours, theirs = socket.socketpair()
        with ours:
            self._send({"seconds": seconds, "wall": 4 * seconds}, theirs)
            session = Session(ours, seconds, self._end)
            try:
                session.send(job)
                yield session
            finally:
                session.end()

    def stop(self):
        """End the warm process, and remove its folder."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self._control.close()
        self._process = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def _send(self, request, handle):
        """Ask for a process, and pass it its end of a connection."""
        data = json.dumps(request).encode()
        with handle, contextlib.suppress(OSError):  # then the connection is closed
            socket.send_fds(self._control, [data], [handle.fileno()])

    def _end(self):
        """Stop the process of the task; how it ended, or `None` if nobody knows."""
        with contextlib.suppress(OSError, ValueError):
            self._control.send(b"stop")
            self._control.settimeout(_GRACE)
            return json.loads(self._control.recv(4096))
        self.stop()
        return None

    def _start(self):
        if self.closed:
            raise SandboxError("Expected an open sandbox. Received: a closed one")
        self._folder = Path(tempfile.mkdtemp(prefix="sr_utils-grading-"))
        stage, place = _staged(self._folder)
        self._control, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        with theirs, (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                self._command(stage),
                stdin=theirs,
                stdout=subprocess.DEVNULL,
                stderr=log,
                cwd=place,
                env=_environment(*((stage, place) if self.open_air else ())),
                start_new_session=True,
            )
        self._control.settimeout(_START)
        try:
            if self._control.recv(100) != b'"ready"':
                raise OSError
        except OSError:
            log = (self._folder / "log").read_text(errors="replace")
            self.stop()
            raise SandboxError(f"The sandbox doesn't start: {log[-2000:]}") from None
        for source in (stage / "sr_utils").rglob("*.py"):
            source.unlink()  # everything is imported; nothing is there to be read

    def _command(self, stage):
        python = str(Path(sys.executable).resolve())
        root = os.getuid() == 0 and (not self.open_air or _others_can_read(python))
        user = random.randrange(2**30, 2**31) if root else 0
        if self.open_air:
            return [python, str(stage / "worker.py"), str(user)]
        inside = [python, f"{_COURSE}/worker.py", str(user)]
        return [*_bubblewrap(stage), *inside]


class Session:
    """The conversation with the process of one task."""

    def __init__(self, connection, seconds, end):
        self._connection, self._seconds, self._end = connection, seconds, end
        self._deadline = time.monotonic() + 3 * seconds
        self._late = self._garbled = False
        self._ending = None

    def send(self, message, value=None):
        """Send a message; see `wire.send`.

        Raises:
            StoppedError: If the process has ended.
        """
        try:
            self._connection.settimeout(self._left())
            wire.send(self._connection, message, value)
        except OSError as error:
            raise self._stopped(error) from None

    def receive(self):
        """The next message and value; see `wire.receive`.

        Raises:
            StoppedError: If none comes.
        """
        try:
            return wire.receive(
                self._connection, lambda: self._connection.settimeout(self._left())
            )
        except (OSError, wire.EndError, wire.WireError) as error:
            raise self._stopped(error) from None

    def end(self):
        """End the process, if it hasn't ended; how it ended, in a sentence."""
        if self._ending is None:
            self._connection.close()
            ended = self._end()
            if self._garbled:
                self._ending = "The process sent something that isn't a result."
            else:
                self._ending = _in_words(ended, self._late, self._seconds)
        return self._ending

    def _stopped(self, error):
        self._late = isinstance(error, TimeoutError)
        self._garbled = isinstance(error, wire.WireError)
        return StoppedError(self.end())

    def _left(self):
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def _in_words(ended, late, seconds):
    if ended is None:
        return "The process that runs the code stopped answering."
    killed = ended["signal"] == signal.SIGKILL
    spent = ended["seconds"] > 0.7 * seconds  # the system's two clocks differ
    if late or ended["signal"] == signal.SIGXCPU or (killed and spent):
        return f"It takes more than {seconds} seconds. Does a loop never end?"
    if killed:
        return "The process was ended by the system. Does it take too much memory?"
    if ended["signal"]:
        name = signal.Signals(ended["signal"]).name
        return f"The process crashed ({name}). Does it take too much memory?"
    return "The process ended itself. Does the code call exit?"


def _staged(folder):
    """What the sandbox needs of the course, copied; and a folder to write to."""
    stage, place = folder / "stage", folder / "place"
    folder.chmod(0o711)  # where root starts this, the tasks run as somebody else
    place.mkdir()
    place.chmod(0o777)
    unneeded = shutil.ignore_patterns("grading", "checkpoints", "__pycache__")
    shutil.copytree(_PACKAGE, stage / "sr_utils", ignore=unneeded)
    for name in ("worker.py", "wire.py", "limits.py"):
        shutil.copy(_PACKAGE / "grading" / name, stage)
    (stage / "sr_utils" / "checkpoints").symlink_to(pretrained.FOLDER)
    return stage, place


def _others_can_read(python):
    """Whether Python and its packages can be imported by any user."""
    folders = [x for path in (python, *_packages()) for x in Path(path).parents]
    return all(folder.stat().st_mode & 0o005 == 0o005 for folder in folders)


def _packages():
    return [x for x in sys.path if x.endswith(("site-packages", "dist-packages"))]


def _environment(course=_COURSE, place=_PLACE):
    settings = {
        "PYTHONPATH": os.pathsep.join([str(course), *_packages()]),
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": str(place),
        "TMPDIR": str(place),
        "PYTHONDONTWRITEBYTECODE": "1",
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_NUM_INTRAOP_THREADS": "1",
        "TF_NUM_INTEROP_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
        "SR_DATA_DIR": "none",
        "SR_VGG19_WEIGHTS": "none",
        "SR_ESRGAN_DIR": "none",
    }
    libraries = {k: v for k, v in os.environ.items() if k == "LD_LIBRARY_PATH"}
    return settings | libraries


def _bubblewrap(stage=None):
    """The command that closes a process in; without a stage, to try whether it can."""
    command = ["bwrap", "--die-with-parent", "--new-session", "--unshare-ipc"]
    command += ["--unshare-pid", "--unshare-net", "--unshare-uts", "--cap-drop", "ALL"]
    if os.getuid() == 0:
        command += [x for name in _CAPABILITIES for x in ("--cap-add", f"CAP_{name}")]
    else:
        command += ["--unshare-user"]
    command += ["--proc", "/proc", "--dev", "/dev"]
    for path in _SYSTEM:
        command += ["--ro-bind-try", path, path]
    if stage:
        command += _course(stage)
    command += ["--perms", "0777", "--size", str(_DISK), "--tmpfs", _PLACE]
    return [*command, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", _PLACE]


def _course(stage):
    """Python, its packages, and the staged course, all read-only.

    What lies above them becomes folders of its own, which are empty otherwise. Where
    the course itself lies among them, it is covered.
    """
    found = {sys.base_prefix, sys.prefix, str(Path(sys.executable).resolve().parent)}
    found |= {*_packages(), str(pretrained.FOLDER)}
    above = {str(x) for path in found for x in Path(path).parents}
    binds = [x for path in sorted(above) for x in ("--perms", "0755", "--dir", path)]
    hidden = runtime.project() or _PACKAGE
    inside = {path for path in found if Path(path).is_relative_to(hidden)}
    binds += _read_only(found - inside)
    if any(hidden.is_relative_to(path) for path in (*found, *_SYSTEM)):
        binds += ["--tmpfs", str(hidden)]
        inner = {str(x) for path in inside for x in (path, *Path(path).parents)}
        inner = sorted(x for x in inner if hidden in Path(x).parents)
        binds += [x for path in inner for x in ("--dir", path)]
        binds += ["--remount-ro", str(hidden)]
    return [*binds, *_read_only(inside), "--ro-bind", str(stage), _COURSE]


def _read_only(paths):
    return [x for path in sorted(paths) for x in ("--ro-bind", path, path)]
