"""What all tests share: a silent TensorFlow, benchmark sets, a server, the site."""

import contextlib
import http.server
import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from urllib.parse import urlsplit

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
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


class Folder(http.server.SimpleHTTPRequestHandler):
    """Serves a folder."""

    def log_message(self, *_):
        """Stay silent."""


class Server:
    """A server of a folder, or of `files`: name to bytes; it records `requests`."""

    def __init__(self, folder=None):
        self.handler = partial(Folder, directory=folder) if folder else Handler
        self.files, self.requests, self.port = {}, [], 0
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Serve, on the same port as before."""
        place = ("127.0.0.1", self.port)
        self.http = http.server.ThreadingHTTPServer(place, self.handler)
        self.http.files, self.http.requests = self.files, self.requests
        self.http.closing, self.port = threading.Event(), self.http.server_port
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def stop(self):
        """From now on connections are refused."""
        self.http.closing.set()
        self.http.shutdown()
        self.http.server_close()

    @property
    def home(self):
        """The address of the folder."""
        return f"http://127.0.0.1:{self.port}"

    def address(self, way, name):
        """Of a file: whole, half, stall, drip, hang, page, redirect, 404 or 403."""
        return f"{self.home}/{way}/{name}"


@pytest.fixture
def server():
    """A server on this machine, for everything that is downloaded."""
    with Server() as server:
        yield server


def pytest_sessionfinish(session):
    """Where `SR_SKIPS=fail`, as in the workflow of the site, a skipped test fails."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("SR_SKIPS") == "fail" and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the site, built once for all workers; `cpu_seconds` beside it."""
    for name in ("sphinx", "myst_nb", "sphinx_book_theme", "sphinx_copybutton"):
        if not find_spec(name):
            pytest.skip("needs the packages of site/requirements.txt")
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared
    folder, failed = shared / "site", shared / "site-failed"
    try:
        (shared / "site-building").mkdir()
    except FileExistsError:  # by another worker
        while not ((folder / "index.html").exists() or failed.exists()):
            time.sleep(0.2)
    else:
        before = sum(os.times()[2:4])  # of children
        line = [sys.executable, "-m", "tools.site", str(folder)]
        done = subprocess.run(
            line, cwd=ROOT, capture_output=True, text=True, check=False
        )
        folder.with_name("cpu_seconds").write_text(str(sum(os.times()[2:4]) - before))
        if done.returncode:
            failed.write_text(done.stdout + done.stderr)
    if failed.exists():
        pytest.fail(failed.read_text())
    return folder


@pytest.fixture(scope="session")
def node_modules(site):
    """The folder of the packages from npm, which the build has installed."""
    from tools.site import packages

    try:
        return packages.install()
    except packages.PackagesError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def site_server(site):
    """The address of the site on a server of this machine."""
    with Server(site) as server:
        yield server.home


@pytest.fixture(scope="session")
def launch():
    """A function that starts this machine's Chromium, headless, with options."""
    program = next(filter(None, map(which, ("chromium", "google-chrome"))), None)
    if not find_spec("playwright"):
        pytest.skip("needs the packages of site/requirements.txt")
    if program is None:
        pytest.skip("needs Chromium, such as Debian's package chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield lambda *options: playwright.chromium.launch(
            executable_path=program, args=options
        )


@pytest.fixture(scope="session")
def browser(launch):
    """Headless Chromium of this machine, by Playwright."""
    launched = launch()
    yield launched
    launched.close()


@pytest.fixture
def open_page(browser):
    """Open pages: `open_page(width=1280, scheme="light", touch=False)`."""
    contexts = []

    def new(width=1280, scheme="light", touch=False):
        size = {"width": width, "height": 844}
        context = browser.new_context(
            viewport=size, color_scheme=scheme, has_touch=touch
        )
        context.set_default_timeout(300_000)  # busy machines take their time
        contexts.append(context)
        return Watched(context.new_page())

    yield new
    for context in contexts:
        context.close()


class Watched:
    """A page of the browser that records what it shouldn't do.

    Attributes:
        page: As Playwright has it.
        problems: Errors on the console, exceptions, files that didn't come.
        addresses: Everything that was asked for.
    """

    def __init__(self, page):
        self.page, self.problems, self.addresses = page, [], []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", lambda request: self.addresses.append(request.url))
        page.on("requestfailed", self._failed)

    def goto(self, address):
        """Open an address and wait until everything on the page has come."""
        self.page.goto(address, wait_until="load")
        return self.page

    def _failed(self, request):
        if request.failure != "net::ERR_ABORTED":  # by leaving the page
            self.problems.append(f"{request.url}: {request.failure}")

    def _console(self, message):
        if message.type == "error":
            self.problems.append(message.text)
