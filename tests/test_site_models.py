"""Networks for the browser: exports, npm packages, scripts that work from disk."""

import base64
import gzip
import json
import os
import re
import shutil
from importlib.util import find_spec

import numpy as np
import pytest

from sr_utils import models
from tools.site_models import __main__ as command
from tools.site_models import build, networks, packages, scripts

EXPORTER = "site/requirements-upscale.txt"
needs_exporter = pytest.mark.skipif(
    not (find_spec("tf2onnx") and find_spec("onnx")),
    reason=f"needs the packages of {EXPORTER}",
)


def test_the_page_offers_what_is_for_photographs(tmp_path):
    every = ["srcnn_x3", "srgan_x4", "srgan_x4_real", "srresnet_x4", "srresnet_x4_vgg"]
    for name in every:
        (tmp_path / f"{name}.json").touch()
    assert networks.names(tmp_path) == ["srresnet_x4", "srgan_x4", "srgan_x4_real"]
    assert networks.names()[:2] == ["srresnet_x4", "srgan_x4"]


@needs_exporter
@pytest.mark.parametrize("name", networks.names())
def test_onnx_equals_keras(name, rng):
    onnxruntime = pytest.importorskip("onnxruntime", reason=f"see {EXPORTER}")
    session = onnxruntime.InferenceSession(
        networks.export(name), providers=["CPUExecutionProvider"]
    )
    (given,) = session.get_inputs()
    model = models.load_checkpoint(name)
    for size in [(1, 1), (5, 7), (40, 24)]:
        low = rng.random((2, *size, 3), dtype="float32")
        (high,) = session.run(None, {given.name: low})
        np.testing.assert_allclose(high, np.asarray(model(low)), atol=2e-5)


@needs_exporter
def test_only_networks_for_scale_4_are_exported():
    with pytest.raises(ValueError, match=r"scale 4\. Received: 3"):
        networks.export("srcnn_x3")


@pytest.fixture
def cached(tmp_path, monkeypatch):
    """A pinned package `thing`, and the path where its archive is looked for."""
    pin = {"version": "1.2.3", "integrity": packages.integrity(b"good")}
    (tmp_path / "npm.json").write_text(json.dumps({"thing": pin, "@a/b": pin}))
    monkeypatch.setattr(packages, "PINS", tmp_path / "npm.json")
    monkeypatch.setattr(packages, "CACHE", tmp_path / "cache")
    packages.CACHE.mkdir()
    return packages.CACHE / "thing-1.2.3.tgz"


def test_checksums_are_those_of_npm():
    empty = (  # SHA-512 of nothing, FIPS 180
        "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeo"
        "GlODJ6+SfaPg=="
    )
    assert packages.integrity(b"") == empty


def test_another_package_is_refused_and_fetched_again(cached):
    cached.write_bytes(b"bad")
    with pytest.raises(packages.PackageError, match=r"thing 1\.2\.3 with the checksum"):
        packages.read("thing", "index.js")
    assert not cached.exists()


def test_without_npm_the_command_says_so(cached, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(build, "RUNTIME", "thing")
    monkeypatch.setattr("sys.argv", ["site_models", str(tmp_path / "out")])
    assert command.main() == 1
    said = capsys.readouterr().err
    assert said.startswith("The page wasn't built. Expected npm, to fetch thing@1.2.3.")


@pytest.mark.skipif(os.name != "posix", reason="the stand-in is a shell script")
def test_what_npm_says_is_passed_on(cached, monkeypatch, tmp_path):
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho 'npm error network down' >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda _: str(npm))
    with pytest.raises(packages.PackageError, match=r"thing@1\.2\.3.*network down"):
        packages.read("thing", "index.js")


def test_every_package_is_pinned_exactly():
    for pin in json.loads(packages.PINS.read_text()).values():
        assert re.fullmatch(r"\d+\.\d+\.\d+", pin["version"])
        assert len(base64.b64decode(pin["integrity"].removeprefix("sha512-"))) == 64


def test_a_part_holds_its_files():
    text = scripts.part("net", {"onnx": bytes(range(256)), "glue": b""})
    name, files = json.loads(text.strip().replace("srUpscalePart(", "[")[:-2] + "]")
    assert name == "net"
    unpacked = {x: gzip.decompress(base64.b64decode(y)) for x, y in files.items()}
    assert unpacked == {"onnx": bytes(range(256)), "glue": b""}


def test_modules_are_joined_once_each_in_order(tmp_path):
    (tmp_path / "a.js").write_text(
        'import {\n  b,\n} from "./b.js";\nimport { c } from "./c.js";\nb(c);\n'
    )
    (tmp_path / "b.js").write_text(
        'import { c } from "./c.js";\nexport function b() {}\n'
    )
    (tmp_path / "c.js").write_text("export const c = 1;\n")
    text = scripts.joined("a", tmp_path)
    found = re.findall(r"const c = 1|function b|^b\(c\)", text, re.MULTILINE)
    assert found == ["const c = 1", "function b", "b(c)"]
    assert "import" not in text
    assert "export" not in text


@pytest.mark.parametrize("line", ['import x from "./b.js";', "export default 1;"])
def test_modules_of_another_style_are_refused(tmp_path, line):
    (tmp_path / "a.js").write_text(f"{line}\n")
    with pytest.raises(ValueError, match=re.escape(f"Received: {line}")):
        scripts.joined("a", tmp_path)
