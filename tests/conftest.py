"""What all tests share: a silent TensorFlow, the benchmark sets, a server."""

import contextlib
import http.server
import os
import signal
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# A shell that starts the tests in the background hides Ctrl+C from them.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def seeded():
    """Start from the same seeds, where Keras is in use.

    TensorFlow's deterministic mode, which a test may switch on and nobody can switch
    off, refuses random operations without a seed.
    """
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(0)


@pytest.fixture
def rng():
    """A seeded random generator."""
    return np.random.default_rng(0)


@pytest.fixture
def cornered():
    """Black pixels with a white corner at the top left, 16 x 24."""
    pixels = np.zeros((16, 24, 3), np.uint8)
    pixels[:8, :8] = 255
    return pixels


@pytest.fixture
def benchmark_folder():
    """The folder of Set5 and Set14; skips where `SR_DATA_DIR` doesn't hold both."""
    folder = Path(os.environ.get("SR_DATA_DIR", "none"), "benchmarks")
    if not all((folder / name).is_dir() for name in ("Set5", "Set14")):
        pytest.skip("needs Set5 and Set14 in SR_DATA_DIR")
    return folder


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory):
    """The folder of a SavedModel called as ESRGAN is: larger squares, 10% brighter."""
    import tensorflow as tf

    class StandIn(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3))])
        def __call__(self, low):
            rows = tf.repeat(low * self.gain, 4, axis=1)
            return tf.repeat(rows, 4, axis=2)

    model = StandIn()
    model.gain = tf.Variable(1.1)
    folder = tmp_path_factory.mktemp("hub") / "model"
    tf.saved_model.save(model, str(folder))
    return folder


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves a file in the way that the first part of the address names.

    A client without limits gets the whole file in the ways that wait or drip.
    """

    def do_GET(self):
        way, name = urlsplit(self.path).path.strip("/").split("/")
        self.server.requests.append(name)
        data = self.server.files.get(name)
        if way == "hang":
            self.server.closing.wait(3)
        with contextlib.suppress(ConnectionError):  # the client gave up
            if way == "redirect":
                self.begin(302, ("Location", f"/whole/{name}"))
            elif way.isdigit() or data is None:
                self.begin(int(way) if way.isdigit() else 404)
            else:
                data = b"<html>Please sign in.</html>" if way == "page" else data
                self.begin(200, ("Content-Length", len(data)))
                self.send(way, data)

    def begin(self, code, *headers):
        self.send_response(code)
        for key, value in headers:
            self.send_header(key, value)
        self.end_headers()

    def send(self, way, data):
        half = len(data) // 2
        if way == "drip":
            for byte in data:
                self.wfile.write(bytes([byte]))
                self.server.closing.wait(0.01)
        elif way in ("half", "stall"):
            self.wfile.write(data[:half])
            if way == "stall":
                self.server.closing.wait(3)
                self.wfile.write(data[half:])
        else:
            self.wfile.write(data)

    def log_message(self, *_):
        """Stay silent."""


class Server:
    """A server of `files` (name to bytes) that records the names asked for."""

    def __init__(self):
        self.files, self.requests, self.port = {}, [], 0
        self.start()

    def start(self):
        """Serve, on the same port as before."""
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.http.files, self.http.requests = self.files, self.requests
        self.http.closing, self.port = threading.Event(), self.http.server_port
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def stop(self):
        """From now on connections are refused."""
        self.http.closing.set()
        self.http.shutdown()
        self.http.server_close()

    def address(self, way, name):
        """Of a file: whole, half, stall, drip, hang, page, redirect, 404 or 403."""
        return f"http://127.0.0.1:{self.port}/{way}/{name}"


@pytest.fixture
def server():
    """A server on this machine, for everything that is downloaded."""
    server = Server()
    yield server
    server.stop()
