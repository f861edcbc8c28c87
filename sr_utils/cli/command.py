"""The command `sr-upscale`, also `python -m sr_utils`: enlarge photographs."""

import argparse
import functools
import sys
from pathlib import Path

from tqdm import tqdm

from .. import tiling
from ..images import check_count
from ..photo_files import decode, encode
from . import enlarge

DEFAULT = "srresnet_x4"
_EPILOG = """\
examples:
  %(prog)s photo.jpg -o large.png
  %(prog)s photo.jpg -o large.png --model bicubic --scale 3
  %(prog)s holiday/ portrait.tif -o enlarged/

Gray, transparency, 16 bits and the color profile of a photograph are kept if the format
of the result can hold them (.png and .tif hold all of them). The photograph is turned
upright; other metadata isn't copied. CMYK becomes sRGB.
"""


def main(arguments=None):
    """Read the command line, enlarge, and return the exit status.

    Returns:
        0; 1 if a photograph couldn't be enlarged; 130 if stopped. A wrong command line
        exits with 2.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        jobs = plan(options.photographs, options.output)
        method = enlarge.method(options.model, options.scale)
    except (OSError, ValueError) as error:
        parser.error(_line(error))
    try:
        failures = run(jobs, method, options.tile, options.overwrite)
    except KeyboardInterrupt:
        print("Stopped; results that were finished stay.", file=sys.stderr)
        return 130
    for source, error in failures:
        print(f"{source}: {_line(error)}", file=sys.stderr)
    return 1 if failures else 0


def plan(photographs, output):
    """Pair every photograph with the file that its result goes to.

    Args:
        photographs: List of `pathlib.Path`: files, and folders of them.
        output: `pathlib.Path` of a file to write, if there is one photograph and the
            path is no folder and has an ending; otherwise a folder for PNG files, which
            is made.

    Returns:
        List of pairs `(source, target)`.

    Raises:
        OSError: If the folder can't be made.
        ValueError: If a folder holds no photograph, or the output isn't as described.
    """
    sources = [path for given in photographs for path in _files(given)]
    if not output.suffix or output.is_dir():
        output.mkdir(parents=True, exist_ok=True)
        return [(path, output / f"{path.stem}.png") for path in sources]
    encode.writable(output)
    if len(sources) > 1:
        raise ValueError(
            f"Expected a folder for the results of {len(sources)} photographs. "
            f"Received: {output}"
        )
    return [(sources[0], output)]


def run(jobs, method, tile, overwrite):
    """Enlarge all photographs; one that fails stops no other.

    Args:
        jobs: The result of `plan`.
        method: An `enlarge.Method`.
        tile: As in `tiling.tiled`.
        overwrite: Whether a result may replace a file that was there before.

    Returns:
        List of pairs `(source, error)`.
    """
    failures, written = [], set()
    for source, target in jobs:
        try:
            _check_free(target, overwrite, written)
            print(_enlarged(source, target, method, tile), flush=True)
            written.add(target)
        except Exception as error:  # reported at the end, whatever it is
            failures.append((source, error))
    return failures


def _parser():
    parser = argparse.ArgumentParser(
        prog="sr-upscale",
        description="Enlarge photographs of any size.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "photographs",
        nargs="+",
        type=Path,
        metavar="PHOTO",
        help="file that Pillow reads, or a folder of them",
    )
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        type=Path,
        metavar="PATH",
        help=f"file to write ({' '.join(encode.WRITABLE)}), or folder for PNG files",
    )
    parser.add_argument(
        "--model",
        choices=enlarge.names(),
        default=DEFAULT,
        metavar="NAME",
        help=f"{', '.join(enlarge.names())} (default: {DEFAULT})",
    )
    parser.add_argument(
        "--scale",
        type=functools.partial(_count, least=2),
        metavar="N",
        help="how many times as wide and high; networks have their own (default: 4)",
    )
    parser.add_argument(
        "--tile",
        type=functools.partial(_count, least=1),
        default=tiling.TILE,
        metavar="N",
        help="width of a tile in pixels of the photograph; a smaller one takes less "
        "memory and more time (default: %(default)s)",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace files that exist"
    )
    return parser


def _count(text, least):
    try:
        return check_count(int(text), "the value", least)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"expected a whole number, {least} or more, not {text!r}"
        ) from error


def _files(path):
    """A file itself, or the photographs in a folder, by their endings."""
    if not path.is_dir():
        return [path]
    endings = decode.photograph_endings()
    inside = [x for x in path.iterdir() if x.is_file() and x.name[0] != "."]
    found = sorted(x for x in inside if x.suffix.lower() in endings)
    if not found:
        raise ValueError(f"Expected a folder with photographs. Received: {path}")
    return found


def _check_free(target, overwrite, written):
    if target in written:
        raise ValueError(
            f"Expected another name: a photograph before it became {target}, too"
        )
    if target.exists() and not overwrite:
        raise ValueError(f"Expected a new file, or --overwrite. Received: {target}")


def _enlarged(source, target, method, tile):
    """Enlarge one photograph and say what became of it."""
    bar = functools.partial(tqdm, desc=source.name, leave=False, disable=None)
    shape, lost = enlarge.enlarge(source, target, method, tile, bar)
    size = f"{shape[1]} x {shape[0]} pixels"
    return f"{source} -> {target}: {'; '.join([size, *lost])}"


def _line(error):
    """The message of an error on one line."""
    return " ".join(str(error).split()) or type(error).__name__
