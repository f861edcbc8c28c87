"""All files of the page, written into a folder."""

import base64
import io
import shutil

from PIL import Image

from sr_utils import datasets
from sr_utils.images import to_uint8
from sr_utils.tiling import interpolation
from tools.site import SITE, packages

from . import networks, scripts

SOURCES = SITE / "_static" / "upscale"
_RUNTIME, _DIVIDER = "onnxruntime-web", "@cloudfour/image-compare"
_TILES = {"wasm": 128, "webgpu": 256}  # low-resolution pixels, most of what is kept
_VARIANTS = {  # of ONNX Runtime: a script, and the name of what it loads
    "wasm": ("ort.wasm.min.js", "ort-wasm-simd-threaded"),
    "webgpu": ("ort.webgpu.min.js", "ort-wasm-simd-threaded.asyncify"),
}
_EXAMPLES = {
    "astronaut": "A woman in an orange space suit, 128 by 128 pixels.",
    "chelsea": "The face of a tabby cat, 112 by 75 pixels.",
    "coffee": "A cup of coffee on a table, 150 by 100 pixels.",
}
_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>Enlarge your photograph</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ max-width: 50rem; margin: 2rem auto; padding: 0 1rem;
  font: 1rem/1.5 system-ui, sans-serif; }}
</style>
<link rel="stylesheet" href="upscale.css">
<script defer src="image-compare.js"></script>
<script defer src="upscale.js"></script>
<main>
<h1>Enlarge your photograph</h1>
{body}
</main>
</html>
"""


def build(folder):
    """Write what the page loads: scripts, style, networks, ONNX Runtime, licenses.

    Args:
        folder: `pathlib.Path`; made if missing.

    Raises:
        ImportError: If a package that exports networks isn't installed.
        packages.PackagesError: If the packages of npm can't be had.
    """
    modules = packages.install()
    folder.mkdir(parents=True, exist_ok=True)
    sizes = {x: _write_runtime(folder, x, modules / _RUNTIME) for x in _VARIANTS}
    known = [_write_network(folder, name) for name in networks.names()]
    _write(folder / "upscale.js", scripts.joined("page", SOURCES, _built(known, sizes)))
    shutil.copy(SOURCES / "upscale.css", folder)
    shutil.copy(modules / _DIVIDER / "dist" / "index.js", folder / "image-compare.js")
    _write(folder / "licenses.txt", _licenses(modules))


def build_page(folder):
    """Write `index.html` beside what `build` wrote: the page without the site."""
    body = (SOURCES / "upscale.html").read_text(encoding="utf-8")
    _write(folder / "index.html", _PAGE.format(body=body))


def _write(path, text):
    path.write_text(text, encoding="utf-8")


def _write_runtime(folder, device, package):
    """Write ONNX Runtime for a device and return how many bytes it has."""
    script, name = _VARIANTS[device]
    paths = {"script": script, "glue": f"{name}.mjs", "wasm": f"{name}.wasm"}
    files = {x: (package / "dist" / path).read_bytes() for x, path in paths.items()}
    return _write_part(folder, f"runtime-{device}", files)


def _write_network(folder, name):
    """Write a network and return what the page needs to know of it."""
    size = _write_part(folder, name, {"onnx": networks.export(name)})
    return networks.described(name) | {"bytes": size}


def _write_part(folder, name, files):
    text = scripts.part(name, files)
    _write(folder / f"{name}.js", text)
    return len(text)


def _built(known, sizes):
    """The module "built": what the scripts can't know before."""
    bicubic = interpolation("bicubic", networks.SCALE)
    values = {
        "SCALE": networks.SCALE,
        "TILES": _TILES,
        "BICUBIC": {"name": "bicubic", "label": "Bicubic", "radius": bicubic.radius},
        "NETWORKS": known,
        "SIZES": sizes,
        "EXAMPLES": [_example(name, alt) for name, alt in _EXAMPLES.items()],
        "WORKER": scripts.joined("worker", SOURCES),
    }
    folder = 'export const FOLDER = new URL(".", document.currentScript.src).href;\n'
    return scripts.constants(values) + folder


def _example(name, alt):
    """A small photograph as the lessons make it, in a data URL."""
    _, low = datasets.pair(datasets.held_out()[name], networks.SCALE)
    file = io.BytesIO()
    Image.fromarray(to_uint8(low)).save(file, "PNG")
    address = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
    return {"name": f"{name}.png", "alt": alt, "address": address}


def _licenses(modules):
    """The terms of what comes from npm; ONNX Runtime's package doesn't hold its own."""
    runtime = (SOURCES / "onnxruntime-license.txt").read_text(encoding="utf-8")
    divider = (modules / _DIVIDER / "LICENSE").read_text(encoding="utf-8")
    return (
        f"{_RUNTIME} (runtime-*.js)\n\n{runtime}\n"
        f"{_DIVIDER} (image-compare.js)\n\n{divider}"
    )
