"""Commands as processes: streams that take nothing, signals, what is left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sr_utils.cli import process
from sr_utils.photo_files import atomic, decode

ROOT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-m", "sr_utils"]
BICUBIC = ["--model", "bicubic"]

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")


@pytest.fixture
def photographs(tmp_path):
    """A folder with two photographs, one of an unusual name."""
    folder = tmp_path / "photographs"
    folder.mkdir()
    for name in ("a.png", "näme日本.png"):
        Image.new("RGB", (9, 6), (10, 200, 30)).save(folder / name)
    return folder


def start(*arguments, variables=(), **options):
    usual = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    if os.name == "posix":
        usual["preexec_fn"] = hear_hangups
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments), *BICUBIC],
        cwd=ROOT,
        env=os.environ | dict(variables),
        **usual | options,
    )


def hear_hangups():
    """Undo what `nohup` around these tests would leave to the command."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def assert_enlarged(folder):
    for name in ("a.png", "näme日本.png"):
        pixels = decode.load(folder / name).pixels
        assert pixels.shape == (24, 36, 3)
        assert (pixels == (10, 200, 30)).all()


def closed_pipe():
    reading, writing = os.pipe()
    os.close(reading)
    return writing


@pytest.mark.parametrize(
    ("out", "err"),
    [
        (closed_pipe, ""),
        (lambda: os.open("/dev/full", os.O_WRONLY), "No space left on device"),
    ],
)
def test_a_stdout_that_takes_nothing_is_no_failed_photograph(
    photographs, tmp_path, out, err
):
    done = start(photographs, "-o", tmp_path / "large", stdout=out())
    heard = done.communicate()[1].decode()
    assert done.returncode == 0
    assert heard == (f"Results aren't listed: {err}\n" if err else "")
    assert_enlarged(tmp_path / "large")


def test_names_that_the_terminal_cannot_show(photographs, tmp_path):
    ascii_only = {"PYTHONIOENCODING": "ascii"}
    done = start(photographs, "-o", tmp_path / "large", variables=ascii_only)
    out, err = done.communicate()
    assert (done.returncode, err) == (0, b"")
    assert rb"n\xe4me\u65e5\u672c.png ->" in out
    assert_enlarged(tmp_path / "large")


@pytest.mark.parametrize("closed", ["2>&-", "<&- >&- 2>&-"])
def test_closed_streams(photographs, tmp_path, closed):
    (photographs / "broken.png").write_bytes(b"no photograph")
    line = [*COMMAND, str(photographs), "-o", str(tmp_path / "large"), *BICUBIC]
    shell = ["sh", "-c", f'exec "$@" {closed}', "sh", *line]
    done = subprocess.run(shell, cwd=ROOT, stdout=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert done.stdout.count(b"\n") == (2 if closed == "2>&-" else 0)
    assert list((tmp_path / "large").glob(".sr_utils*")) == []
    assert_enlarged(tmp_path / "large")


@pytest.mark.parametrize(
    ("line", "module"),
    [
        (["sr_utils", "none.png", "-o", "b.png"], "tqdm"),
        (["sr_utils", "none.png", "-o", "b.png", "--model", "srcnn_x3"], "keras"),
        (["sr_utils.training", "srcnn_x3"], "numpy"),
        (["sr_utils.training", "srcnn_x3"], "keras"),
        (["tools.notebooks", "run"], "jupytext"),
    ],
)
@pytest.mark.slow
def test_an_interrupt_while_libraries_are_imported_is_one_line(tmp_path, line, module):
    """A stand-in for a library is interrupted, and hides the exception, as many do."""
    (tmp_path / f"{module}.py").write_text(
        "import os, signal, time\n"
        "try:\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    time.sleep(5)\n"
        "except BaseException as error:\n"
        "    raise ImportError('initialization failed') from error\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", *line],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (130, "")
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("Stopped.")


def writing(tmp_path, *before):
    """The command in the middle of a result that takes long, after those `before`."""
    noise = np.random.default_rng(0).integers(0, 256, (400, 400, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    line = (*before, tmp_path / "noise.png", "-o", tmp_path / "large", "--tile", 4)
    running = start(*line)
    while not list(tmp_path.glob("large/.*/noise.png")):
        assert running.poll() is None, running.communicate()
        time.sleep(0.01)
    return running


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_leaves_nothing_behind(tmp_path, name):
    running = writing(tmp_path)
    running.send_signal(signal.Signals[name])
    out, err = running.communicate(timeout=120)
    assert running.returncode == 128 + signal.Signals[name]
    assert (out, err) == (b"", b"Stopped; results that were finished stay.\n")
    assert list((tmp_path / "large").iterdir()) == []


def test_what_a_killed_command_left_is_removed_by_the_next(photographs, tmp_path):
    running = writing(tmp_path)
    alive = list((tmp_path / "large").iterdir())
    start(photographs, "-o", tmp_path / "large").communicate()
    assert alive[0].is_dir()
    running.kill()
    running.communicate()
    assert alive[0].is_dir()
    start(photographs, "-o", tmp_path / "large", "--overwrite").communicate()
    assert not alive[0].exists()
    assert_enlarged(tmp_path / "large")


def test_a_killed_command_goes_on_with_what_is_missing(photographs, tmp_path):
    running = writing(tmp_path, photographs / "a.png")
    running.kill()
    running.communicate()
    line = (photographs, tmp_path / "noise.png", "-o", tmp_path / "large", "--resume")
    out, err = start(*line).communicate()
    assert err == b"1 photograph left out: enlarged before\n"
    assert [line.partition(b" -> ")[0][-9:] for line in out.splitlines()] == [
        "日本.png".encode()[-9:],
        b"noise.png",
    ]
    assert_enlarged(tmp_path / "large")
    assert not list((tmp_path / "large").glob(".sr_utils*"))


def test_only_folders_of_dead_writers_are_leftovers(tmp_path):
    (tmp_path / ".sr_utils-empty").mkdir()
    (tmp_path / ".sr_utils-notes").write_text("mine")
    (tmp_path / ".other").mkdir()
    (tmp_path / ".other" / "lock").touch()
    (tmp_path / ".sr_utils-link").symlink_to(".other")
    (tmp_path / ".sr_utils-dead").mkdir()
    (tmp_path / ".sr_utils-dead" / "lock").touch()
    kept = {x for x in tmp_path.iterdir() if "dead" not in x.name}
    with atomic.whole(tmp_path / "a.png") as place:
        place.write_bytes(b"whole")
        atomic.remove_leftovers(tmp_path)
        assert set(tmp_path.iterdir()) == kept | {place.parent}
    assert set(tmp_path.iterdir()) == kept | {tmp_path / "a.png"}
    atomic.remove_leftovers(tmp_path / "none")


def test_ignored_signals_stay_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with process.stoppable():
            signal.raise_signal(signal.SIGHUP)
            with pytest.raises(KeyboardInterrupt) as stop:
                signal.raise_signal(signal.SIGTERM)
        assert process.status(stop.value) == 143
        assert process.status(KeyboardInterrupt()) == 130
    finally:
        signal.signal(signal.SIGHUP, before)
