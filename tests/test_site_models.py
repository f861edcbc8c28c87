"""Networks for the browser: exports, and scripts that work from disk."""

import base64
import gzip
import json
import re
import shutil
from importlib.util import find_spec

import numpy as np
import pytest

from sr_utils import models
from tools.site.packages import PackagesError
from tools.site_models import __main__ as command
from tools.site_models import build, networks, scripts

EXPORTER = "site/requirements.txt"
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


@pytest.mark.slow
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


def test_a_network_for_real_photographs_is_called_so(tmp_path, monkeypatch):
    for suffix in (".json", ".keras"):
        stored = models.CHECKPOINTS / f"srgan_x4{suffix}"
        shutil.copy(stored, tmp_path / f"srgan_x4_real{suffix}")
    monkeypatch.setattr(models, "CHECKPOINTS", tmp_path)
    found = networks.described("srgan_x4_real")
    assert found["label"] == "SRGAN for real photographs"
    assert "blurred, noisy" in found["note"]
    assert found["radius"] == 20  # derived in lesson 5 for 8 blocks


@needs_exporter
def test_only_networks_for_scale_4_are_exported():
    with pytest.raises(ValueError, match=r"scale 4\. Received: 3"):
        networks.export("srcnn_x3")


@pytest.mark.parametrize("error", [PackagesError("no npm"), ImportError("no onnx")])
def test_the_command_says_what_is_missing(error, monkeypatch, tmp_path, capsys):
    def fail():
        raise error

    monkeypatch.setattr(build.packages, "install", fail)
    monkeypatch.setattr("sys.argv", ["site_models", str(tmp_path / "out")])
    assert command.main() == 1
    assert capsys.readouterr().err == f"The page wasn't built. {error}\n"
    assert not (tmp_path / "out").exists()


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
