"""Scripts that work from disk: browsers load neither modules nor data from `file:`."""

import base64
import gzip
import json
import re

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=async function|function|class|const)", re.MULTILINE)
_LEFT = re.compile(r"^(import|export)\b.*", re.MULTILINE)


def joined(name, folder, built=""):
    """A module and all that it imports, as one script without modules.

    Modules share one scope then; a name that two of them use is a syntax error.

    Args:
        name: Of the module, without ".js".
        folder: `pathlib.Path` of the modules.
        built: Text of the module "built", which the build makes.

    Returns:
        str.

    Raises:
        ValueError: If a module imports or exports in a way that isn't known here.
    """
    texts = {}

    def add(module):
        path = folder / f"{module}.js"
        text = built if module == "built" else path.read_text(encoding="utf-8")
        texts[module] = None  # a circle ends here
        for imported in _IMPORT.findall(text):
            if imported not in texts:
                add(imported)
        del texts[module]
        texts[module] = _plain(text, path)

    add(name)
    return '"use strict";\n{\n' + "\n".join(texts.values()) + "}\n"


def part(name, files):
    """A script that hands files, compressed, to `srUpscalePart` of parts.js.

    Args:
        name: Under which the page asks for it.
        files: From a name to bytes.

    Returns:
        str.
    """
    packed = {key: _packed(data) for key, data in files.items()}
    return f"srUpscalePart({json.dumps(name)}, {json.dumps(packed)});\n"


def constants(values):
    """A module that exports values, a mapping from names to what JSON can hold."""
    return "".join(
        f"export const {name} = {json.dumps(value, ensure_ascii=False)};\n"
        for name, value in values.items()
    )


def _plain(text, path):
    """The text of a module without imports and exports."""
    text = _EXPORT.sub("", _IMPORT.sub("", text))
    left = _LEFT.search(text)
    if left:
        raise ValueError(
            'Expected lines like `import { x } from "./module.js";` and '
            f"`export function` in {path.name}. Received: {left.group()}"
        )
    return text


def _packed(data):
    return base64.b64encode(gzip.compress(data, 9, mtime=0)).decode()
