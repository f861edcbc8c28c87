"""Photographs on Dask workers: real ones on this machine, and what kills them."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from shutil import which

import numpy as np
import pytest
from PIL import Image

import sr_utils
from sr_utils.cli import cluster, command, enlarge
from sr_utils.cli.settings import Settings

ROOT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-m", "sr_utils"]
# For every process that has it on its path: it dies where it loads such a file.
KILLER = """
import os, signal
from sr_utils.photo_files import decode
load = decode.load
def deadly(path, **options):
    if path.stem == "deadly":
        os.kill(os.getpid(), signal.SIGKILL)
    return load(path, **options)
decode.load = deadly
"""


@pytest.fixture
def dask():
    if os.name != "posix":
        pytest.skip("needs POSIX signals")
    pytest.importorskip("distributed", reason="needs the extra: pip install .[cluster]")


@pytest.fixture
def photographs(tmp_path):
    """A folder of four small photographs and the beginning of a fifth."""
    folder = tmp_path / "in"
    folder.mkdir()
    for i in range(4):
        save(folder / f"{i}.png", 20 + i, i)
    (folder / "truncated.png").write_bytes((folder / "0.png").read_bytes()[:700])
    return folder


def save(path, height, seed=0, width=24):
    shape = (height, width, 3)
    pixels = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    Image.fromarray(pixels).save(path)


def start(*arguments, variables=(), model="bicubic"):
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments), *(["--model", model] if model else [])],
        cwd=ROOT,
        env=os.environ | dict(variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(running):
    out, err = running.communicate()
    return running.returncode, out.splitlines(), err.splitlines()


def pixels(folder):
    return {x.name: np.asarray(Image.open(x)) for x in sorted(folder.glob("*.png"))}


def assert_same(folder, other):
    one, two = pixels(folder), pixels(other)
    assert one.keys() == two.keys() and one
    for name in one:
        np.testing.assert_array_equal(one[name], two[name])


def wait_until(found, running):
    while not (what := found()):
        assert running.poll() is None, running.communicate()
        time.sleep(0.05)
    return what


def writers(running):
    """The workers of a command that write a result."""
    import psutil

    children = psutil.Process(running.pid).children(recursive=True)
    return [x for x in children if any(".sr_utils-" in y.path for y in files(x))]


def files(running):
    import psutil

    try:
        return running.open_files()
    except psutil.Error:
        return []


@pytest.fixture
def scheduler(dask, tmp_path):
    """The address of a scheduler with two workers."""
    with running_scheduler(tmp_path) as address:
        yield address


@contextlib.contextmanager
def running_scheduler(folder, options=(), variables=()):
    about = folder / "scheduler.json"
    common = [f"--scheduler-file={about}", "--no-dashboard", "--host=127.0.0.1"]
    worker = ["worker", *common, "--nthreads=1", "--nworkers=2", *options]
    lines = [["scheduler", *common, "--port=0", *options], worker]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "dask", *line],
            cwd=ROOT,
            env=os.environ | dict(variables),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for line in lines
    ]
    wait_until(about.exists, running[0])
    yield json.loads(about.read_text())["address"]
    for x in reversed(running):
        x.terminate()
        x.wait()


def test_dask_is_imported_only_for_a_cluster(photographs, tmp_path):
    line = [str(photographs / "0.png"), "-o", str(tmp_path / "a.png")]
    code = (
        "import sys; from sr_utils.cli import command\n"
        f"assert command.main({[*line, '--model', 'bicubic']}) == 0\n"
        "sys.exit(not {'dask', 'distributed'}.isdisjoint(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert done.returncode == 0


def test_without_dask_it_says_how_to_install_it(
    photographs, tmp_path, capsys, monkeypatch
):
    monkeypatch.setitem(sys.modules, "dask", None)
    line = [str(photographs), "-o", str(tmp_path / "large"), "--workers", "2"]
    with pytest.raises(SystemExit) as stop:
        command.main(line)
    assert stop.value.code == 2
    assert 'pip install "dask[distributed]"' in capsys.readouterr().err
    assert not (tmp_path / "large").exists()


def test_one_kind_of_cluster_at_a_time(photographs, tmp_path, capsys):
    line = [str(photographs), "-o", str(tmp_path / "large"), "--workers", "2"]
    with pytest.raises(SystemExit) as stop:
        command.main([*line, "--scheduler", "tcp://127.0.0.1:8786"])
    assert stop.value.code == 2
    assert "not allowed with" in capsys.readouterr().err


def test_differences_are_named():
    mine = cluster.versions(Settings("srresnet_x4"))
    assert mine["sr_utils"] == sr_utils.__version__
    assert mine["numpy"] == np.__version__
    cluster._check_same(mine, dict(mine), "worker")
    cluster._check_same(mine, {"numpy": mine["numpy"]}, "scheduler")
    for name in ("Python", "sr_utils", "numpy", "srresnet_x4"):
        with pytest.raises(ValueError, match=rf"Received: {name} 0, at tcp://a") as why:
            cluster._check_same(mine, mine | {name: "0"}, "tcp://a")
        assert f"the client has, {name} {mine[name]}. " in str(why.value)
    with pytest.raises(ValueError, match=r"on all workers. Received: No module"):
        cluster._check_same(mine, ImportError("No module named 'sr_utils'"), "tcp://a")


@pytest.mark.slow
def test_workers_give_what_one_process_gives(dask, photographs, tmp_path):
    alone, workers = tmp_path / "alone", tmp_path / "workers"
    for folder, more in ((alone, ()), (workers, ("--workers", 2))):
        line = (photographs, "-o", folder, "--scale", 4, *more)
        status, out, err = finish(start(*line, model=None))
        assert (status, len(err)) == (1, 1)
        assert err[0].startswith(
            f"{photographs / 'truncated.png'}: Expected an undamag"
        )
        assert [x.partition("; by ")[2].split(",")[0] for x in out] == [
            "srresnet_x4_real"
        ] * 4
    assert_same(alone, workers)
    line = (photographs / "0.png", "-o", workers, "--resume", "--workers", 2)
    status, out, err = finish(start(*line, model=None))
    assert (status, out) == (0, [])
    assert err == ["1 photograph left out: enlarged before"]


@pytest.fixture
def portrait(tmp_path):
    """A single photograph that becomes many tiles."""
    save(tmp_path / "portrait.png", 300, width=200)
    return tmp_path / "portrait.png"


@pytest.mark.slow
def test_the_tiles_of_one_photograph_are_those_of_one_process(dask, portrait, tmp_path):
    alone, large = tmp_path / "alone.png", tmp_path / "large.png"
    line = (portrait, "--tile", 40)
    for target, more in ((alone, ()), (large, ("--workers", 2))):
        found = finish(start(*line, "-o", target, *more, model="srresnet_x4"))
        assert found == (0, [f"{portrait} -> {target}: 800 x 1200 pixels"], [])
    np.testing.assert_array_equal(np.asarray(Image.open(large)), Image.open(alone))


@pytest.mark.slow
def test_the_tiles_are_enlarged_by_the_workers_only(dask, portrait, tmp_path):
    settings = Settings("bicubic")
    method = settings.method()
    enlarge.enlarge(portrait, tmp_path / "alone.png", method, 40)
    broken = method._replace(color=method.color._replace(function=None))
    with cluster.opened(2, None) as client:
        tiles = cluster.Tiles(client, settings)
        large = tmp_path / "large.tif"
        enlarge.enlarge(portrait, large, broken, 40, compute=tiles)
    np.testing.assert_array_equal(
        np.asarray(Image.open(large)), Image.open(tmp_path / "alone.png")
    )


@pytest.mark.slow
def test_a_worker_killed_among_tiles_loses_nothing(dask, portrait, tmp_path):
    import psutil

    alone, large = tmp_path / "alone.png", tmp_path / "large.png"
    running = start(portrait, "-o", large, "--tile", 8, "--workers", 2)
    wait_until(lambda: list(tmp_path.glob(".sr_utils-*/large.png")), running)
    workers = [
        x
        for x in psutil.Process(running.pid).children(recursive=True)
        if "spawn_main" in " ".join(x.cmdline())
    ]
    assert len(workers) == 2
    workers[0].kill()
    assert running.poll() is None
    status, _, err = finish(running)
    assert (status, err) == (0, [])
    assert finish(start(portrait, "-o", alone, "--tile", 8))[0] == 0
    np.testing.assert_array_equal(np.asarray(Image.open(large)), Image.open(alone))


@pytest.mark.slow
def test_a_killed_worker_loses_nothing(dask, photographs, tmp_path):
    save(photographs / "large.png", 1000)
    (photographs / "truncated.png").unlink()
    large = tmp_path / "large"
    running = start(photographs, "-o", large, "--workers", 2, "--tile", 4)
    wait_until(lambda: list(large.glob(".sr_utils-*/large.png")), running)
    killed = wait_until(lambda: writers(running), running)
    for worker in killed:
        worker.kill()
    status, out, err = finish(running)
    assert (status, err, len(out)) == (0, [], 5)
    assert not list(large.glob(".sr_utils-*"))
    assert finish(start(photographs, "-o", tmp_path / "alone", "--tile", 4))[0] == 0
    assert_same(tmp_path / "alone", large)


@pytest.mark.slow
def test_a_photograph_that_kills_its_worker_is_reported_alone(
    dask, photographs, tmp_path
):
    save(photographs / "deadly.png", 30)
    (tmp_path / "sitecustomize.py").write_text(KILLER)
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    line = (photographs, "-o", tmp_path / "large", "--workers", 2)
    status, out, err = finish(start(*line, variables={"PYTHONPATH": path}))
    assert (status, len(out)) == (1, 4)
    assert [Path(x.partition(": ")[0]).name for x in sorted(err)] == [
        "deadly.png",
        "truncated.png",
    ]
    assert "a photograph at which several died" in sorted(err)[0]
    assert sorted(pixels(tmp_path / "large")) == [f"{i}.png" for i in range(4)]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_client_goes_on_with_what_is_missing(
    dask, photographs, tmp_path, number
):
    import psutil

    for i in range(2):
        save(photographs / f"large{i}.png", 3000, width=200)
    (photographs / "truncated.png").unlink()
    large = tmp_path / "large"
    line = (photographs, "-o", large, "--workers", 2)
    running = start(*line, "--tile", 4)
    wait_until(lambda: len(list(large.glob(".sr_utils-*/large*.png"))) == 2, running)
    workers = psutil.Process(running.pid).children(recursive=True)
    running.send_signal(number)
    status, out, err = finish(running)
    assert len(out) == 4
    if number == signal.SIGINT:
        assert (status, err) == (130, ["Stopped; results that were finished stay."])
        assert not list(large.glob(".sr_utils-*"))
    assert psutil.wait_procs(workers, timeout=20)[1] == []
    status, out, err = finish(start(*line, "--resume"))
    assert status == 0
    assert err == ["4 photographs left out: enlarged before"]
    assert len(out) == 2
    assert not list(large.glob(".sr_utils-*"))
    assert len(pixels(large)) == 6


@pytest.mark.slow
def test_a_scheduler_that_runs(scheduler, photographs, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)  # workers have another folder
    line = ["in", "-o", "large", "--scheduler", scheduler]
    env = {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(
        [*COMMAND, *line, "--model", "bicubic"],
        env=os.environ | env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert [x.partition(":")[0] for x in done.stderr.splitlines()] == [
        "in/truncated.png"
    ]
    assert finish(start(photographs, "-o", tmp_path / "alone"))[0] == 1
    assert_same(tmp_path / "alone", tmp_path / "large")
    monkeypatch.setattr(cluster, "__version__", "0.0.1")
    with pytest.raises(SystemExit) as stop:
        command.main([*line, "--model", "bicubic", "--overwrite"])
    assert stop.value.code == 2
    assert (
        "the client has, sr_utils 0.0.1. Received: sr_utils" in capsys.readouterr().err
    )


@pytest.mark.slow
def test_tls_comes_from_the_configuration_of_dask(dask, photographs, tmp_path):
    if not which("openssl"):
        pytest.skip("needs openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    line = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test"]
    files = ["-keyout", key, "-out", certificate]
    subprocess.run(["openssl", *line, *files], check=True, capture_output=True)
    tls = "DASK_DISTRIBUTED__COMM__TLS__"
    secret = {f"{tls}CA_FILE": str(certificate)}
    for role in ("SCHEDULER", "WORKER", "CLIENT"):
        secret |= {f"{tls}{role}__CERT": str(certificate)}
        secret |= {f"{tls}{role}__KEY": str(key)}
    (photographs / "truncated.png").unlink()
    large = tmp_path / "large"
    with running_scheduler(tmp_path, ["--protocol=tls"], secret) as address:
        assert address.startswith("tls://")
        line = (photographs, "-o", large, "--scheduler", address)
        status, out, err = finish(start(*line))  # without a certificate
        assert (status, out, len(err)) == (2, [], 1)
        assert not large.exists()
        status, out, err = finish(start(*line, variables=secret))
        assert (status, len(out), err) == (0, 4, [])


@pytest.mark.slow
def test_a_wrong_scale_is_one_line(dask, photographs, tmp_path):
    line = (photographs, "-o", tmp_path / "large", "--scale", 4, "--workers", 1)
    status, out, err = finish(start(*line, model="srcnn_x3"))
    assert (status, out, len(err)) == (2, [], 1)
    assert "Expected scale 3 for srcnn_x3" in err[0]


def test_a_scheduler_that_does_not_answer_is_one_line(
    dask, photographs, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(cluster, "_SECONDS", 1)
    line = [str(photographs), "-o", str(tmp_path / "large"), "--scheduler"]
    with pytest.raises(SystemExit) as stop:
        command.main([*line, "tcp://127.0.0.1:1"])
    assert stop.value.code == 2
    err = capsys.readouterr().err.splitlines()
    assert len(err) == 1
    assert "Expected a scheduler of Dask at tcp://127.0.0.1:1" in err[0]
