"""Submissions that try to get points, or to take others'. Each has one bad cell.

`ATTACKS` maps a name to the source of the cell of the task `line_weights`. None of them
solves it, so each must lose that task's points and nothing else.
"""

_ZEROS = """
def line_weights(size, scale):
    return np.zeros((size * scale, size))
"""

ATTACKS = {
    "patched_testing": """
np.testing.assert_allclose = lambda *a, **k: None
np.testing.assert_array_equal = lambda *a, **k: None
np.allclose = np.array_equal = lambda *a, **k: True
"""
    + _ZEROS,
    "patched_builtins": """
import builtins
import sys

builtins.abs = builtins.len = builtins.all = lambda *a: True
builtins.AssertionError = type("Fine", (Exception,), {})
for module in list(sys.modules.values()):
    if hasattr(module, "symptom"):
        module.symptom = lambda *a, **k: None
    if hasattr(module, "equal"):
        module.equal = lambda *a, **k: True
"""
    + _ZEROS,
    "equal_to_everything": """
class Equal(np.ndarray):
    __eq__ = lambda self, other: True
    __ne__ = lambda self, other: False
    __array_ufunc__ = lambda self, *a, **k: np.bool_(True)
    __array_function__ = lambda self, *a, **k: np.bool_(True)


def line_weights(size, scale):
    return np.zeros((size * scale, size)).view(Equal)
""",
    "an_object_of_its_own": """
class Right:
    def __eq__(self, other):
        return True

    def __array__(self, *a, **k):
        raise SystemExit

    def __getattr__(self, name):
        return self


def line_weights(size, scale):
    return Right()
""",
    "transformer": """
get_ipython().input_transformers_cleanup.append(lambda lines: ["pass"])
""",
    "os_exit": "import os\nos._exit(0)\n",
    "os_exit_that_takes_long": """
import os

for _ in range(4):
    kept = os.open("kept", os.O_CREAT | os.O_RDWR)
    os.unlink("kept")
    os.pwrite(kept, bytes(50 * 2**20), 0)  # freed after the connection was closed
os._exit(0)
""",
    "os_exit_when_called": """
import os


def line_weights(size, scale):
    os._exit(0)
""",
    "sys_exit": "import sys\nsys.exit(0)\n",
    "syntax": "def line_weights(size, scale:\n    return 1\n",
    "loop": "while True:\n    pass\n",
    "stubborn_loop": """
import signal


def line_weights(size, scale):
    for number in range(1, 64):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
""",
    "sleep": "import time\ntime.sleep(10_000)\n",
    "recursion": """
def line_weights(size, scale):
    return line_weights(size, scale)
""",
    "fork_bomb": """
import os


def line_weights(size, scale):
    while True:
        os.fork()
""",
    "fork_bomb_that_goes_on": """
import os
import subprocess
import ctypes

while True:
    for make in (os.fork, lambda: subprocess.Popen(["sleep", "1000"])):
        try:
            make()
        except BaseException:
            pass
    ctypes.CDLL(None).fork()
    ctypes.CDLL(None).syscall(56, 17, 0, 0, 0, 0)
""",
    "thread_bomb": """
import threading
import time

threading.stack_size(65_536)
while True:
    threading.Thread(target=time.sleep, args=(1000,)).start()
""",
    "memory": """
kept = []
while True:
    kept.append(b"x" * 2**30)
""",
    "memory_at_once": """
def line_weights(size, scale):
    return np.ones(20 * 2**30, np.uint8)
""",
    "memory_that_goes_on": """
import mmap

kept = []
while True:
    for make in (lambda: mmap.mmap(-1, 2**28), lambda: bytearray(2**28)):
        try:
            kept.append(make())
            kept[-1][::4096] = bytes(2**16)
        except BaseException:
            pass
""",
    "memory_outside": """
import os

for number in range(1000):
    handle = os.memfd_create(str(number))
    for _ in range(63):
        os.write(handle, bytes(2**20))
""",
    "disk": """
number = 0
while True:
    with open(f"file{number}", "wb") as file:
        file.write(bytes(2**24))
    number += 1
""",
    "deep_folders": """
import os

for _ in range(5000):
    os.mkdir("d")
    os.chmod("d", 0o700)
    os.chdir("d")
os.chmod(".", 0)
""",
    "forged_print": """
print("Full points.", "4 of 4 points")
print('{"error": null, "found": true, "tree": {"plain": 4}}', flush=True)
"""
    + _ZEROS,
    "forged_messages": """
import json
import os
import socket
import struct

for number in range(3, 64):
    try:
        connection = socket.socket(fileno=os.dup(number))
    except OSError:
        continue
    head = json.dumps(
        {"error": None, "found": True, "seconds": 0, "tree": {"plain": 4}, "sizes": []}
    ).encode()
    for _ in range(20):
        connection.sendall(struct.pack(">II", len(head), 0) + head)
os._exit(0)
""",
    "garbage_messages": """
import os
import socket

for number in range(3, 64):
    try:
        socket.socket(fileno=os.dup(number)).sendall(os.urandom(10_000))
    except OSError:
        pass
os._exit(0)
""",
    "endless_message": """
import os
import socket
import struct

for number in range(3, 64):
    try:
        connection = socket.socket(fileno=os.dup(number))
        connection.sendall(struct.pack(">II", 10, 2**26))
        while True:
            connection.sendall(bytes(2**20))
    except OSError:
        pass
""",
    "gradebook": """
import pathlib
import sqlite3

for path in pathlib.Path("/").rglob("gradebook.db"):
    database = sqlite3.connect(path)
    database.execute("update grade set manual_score = 99")
    database.commit()
"""
    + _ZEROS,
    "reads_solutions": """
import os

found = {}
for folder, _, files in os.walk("/"):
    if folder.startswith(("/proc", "/usr", "/dev")) or "site-packages" in folder:
        continue
    for name in files:
        if name.endswith((".py", ".ipynb", ".json")):
            try:
                text = open(os.path.join(folder, name), errors="ignore").read()
            except OSError:
                continue
            if "def " + "line_weights" in text or "def " + "weight_matrix" in text:
                raise RuntimeError("FOUND " + os.path.join(folder, name))
"""
    + _ZEROS,
    "searches_memory": """
import gc
import types

for thing in gc.get_objects():
    if isinstance(thing, types.FunctionType) and thing.__name__ == "weight_matrix":
        raise RuntimeError("FOUND " + thing.__name__)
import sr_utils.resize

if hasattr(sr_utils.resize, "weight_matrix"):
    raise RuntimeError("FOUND")
"""
    + _ZEROS,
    "network": """
import socket
import urllib.request

for host in ("127.0.0.1", "1.1.1.1", "8.8.8.8"):
    try:
        socket.create_connection((host, 53), timeout=1)
    except OSError:
        continue
    raise RuntimeError("FOUND a network")
urllib.request.urlopen("http://example.com", timeout=1)
""",
    "writes_outside": """
import os

for folder, folders, files in os.walk("/"):
    if folder.startswith(("/proc", "/sandbox")):
        folders.clear()
        continue
    folders[:] = folders[:20]
    try:
        open(os.path.join(folder, "written"), "w")
    except OSError:
        continue
    raise RuntimeError("FOUND " + folder)
"""
    + _ZEROS,
    "kills_others": """
import os
import signal

for number in range(1, 200):
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        continue
    except PermissionError:
        pass
    try:
        os.kill(number, signal.SIGKILL)
    except OSError:
        continue
for number in (-1, os.getppid()):
    try:
        os.kill(number, signal.SIGKILL)
    except OSError:
        pass
"""
    + _ZEROS,
    "looks_into_others": """
import ctypes
import os

for number in (1, os.getppid()):
    for name in ("mem", "environ", "maps"):
        try:
            open(f"/proc/{number}/{name}", "rb").read(1)
        except OSError:
            continue
        raise RuntimeError("FOUND " + name)
if ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0) == 0:
    raise RuntimeError("FOUND ptrace")
"""
    + _ZEROS,
    "namespaces": """
import ctypes

for flags in (0x10000000, 0x20000, 0x10020000):
    if ctypes.CDLL(None).unshare(flags) == 0:
        raise RuntimeError("FOUND a namespace")
"""
    + _ZEROS,
    "at_exit": """
import atexit
import os
import threading
import time

atexit.register(time.sleep, 10_000)
threading.Thread(target=time.sleep, args=(10_000,)).start()
"""
    + _ZEROS,
    "prints_inputs": """
def line_weights(size, scale):
    print("SECRET", size, scale)
    if (size, scale) != (4, 2):
        raise type(f"SECRET{size}", (Exception,), {})(f"SECRET {size} {scale}")
    x = np.zeros((8, 4))
    x[:, :2] = [[1, 0]] * 8
    return x
""",
    "markup": """
print("<script>alert('printed')</script>")


def line_weights(size, scale):
    raise ValueError("<img src=x onerror=alert('raised')>")
""",
}
