"""The command `sr-upscale`, also `python -m sr_utils`: enlarge photographs."""

import argparse
import contextlib
import functools
import os
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from .. import runtime
from ..images import check_count
from ..photo_files import decode, encode
from ..photo_files.atomic import remove_leftovers
from . import choice, cluster, enlarge, process, results
from .settings import Settings

_EPILOG = """\
examples:
  %(prog)s photo.jpg -o large.png
  %(prog)s photo.jpg -o large.png --model bicubic --scale 3
  %(prog)s holiday/ portrait.tif -o enlarged/

Gray, transparency, 16 bits and the color profile of a photograph are kept if the format
of the result can hold them (.png and .tif hold all of them). The photograph is turned
upright; other metadata isn't copied. CMYK becomes sRGB.

A file that is read is never replaced. Of a folder, files without the ending of a
photograph that Pillow reads are left out, and a line counts them by ending; files and
folders whose name begins with a dot are left out without a word.

In a folder for results, a.jpg is a.png; if there is also a photograph a.png, they are
a.jpg.png and a.png.png. The hidden folder .sr-upscale in it records how each was made,
by which --resume finds what is done.

exit status: 0 if all photographs were enlarged, whatever was left out of a folder; 1 if
one couldn't be, or a folder couldn't be read or holds none; 2 if the command line is
wrong or nothing could be started; 130, 143 or 129 if stopped by SIGINT (Ctrl-C),
SIGTERM or SIGHUP.
"""


class Plan(NamedTuple):
    """What a command line asks for.

    Attributes:
        jobs: List of pairs `(source, target)` of `pathlib.Path`.
        failures: List of pairs `(source, error)`: folders that give no photograph.
        notes: What is left out of the folders, one line each.
        folder: `pathlib.Path` to make for the results; `None` for a single file.
        done: Those of `jobs` that `--resume` left out of it.
    """

    jobs: list
    failures: list
    notes: list
    folder: Path | None
    done: list = ()


def main(arguments=None):
    """Read the command line, enlarge, and return the exit status.

    Returns:
        0; 1 if a photograph couldn't be enlarged; 128 and the number of the signal if
        stopped. A wrong command line exits with 2.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    process.keep_freed_memory()
    with contextlib.ExitStack() as until_the_end:
        try:
            planned = plan(options.photographs, options.output, options.recursive)
            settings = _settings(options)
            if options.resume:
                planned = _without_done(planned, settings)
            means = _means(planned, options, settings, until_the_end)
            _make(planned)
        except (ImportError, OSError, ValueError) as error:
            parser.exit(2, f"{parser.prog}: error: {process.on_one_line(error)}\n")
        for note in planned.notes:
            process.say(note, "stderr")
        try:
            with process.stoppable():
                failures = run(planned, means, options, settings)
        except KeyboardInterrupt as stop:
            process.say("Stopped; results that were finished stay.", "stderr")
            return process.status(stop)
    for source, error in [*planned.failures, *failures]:
        process.say(f"{source}: {process.on_one_line(error)}", "stderr")
    return 1 if planned.failures or failures else 0


def plan(photographs, output, recursive=False):
    """Pair every photograph with the file that its result goes to. Nothing is made.

    Args:
        photographs: List of `pathlib.Path`: files, and folders of them.
        output: str, the path of a file to write, if there is one photograph; or of a
            folder for PNG files: one that exists, or a path that has no ending or ends
            with a slash.
        recursive: Whether the folders in a folder are enlarged too, into folders of the
            same names.

    Returns:
        `Plan`.

    Raises:
        ValueError: If the output isn't as described, or a folder is its own output.
    """
    folder = Path(output) if _is_folder(output) else None
    sources, failures, notes = [], [], []
    for given in photographs:
        found, errors, left_out = _found(given, recursive, folder)
        sources += found
        failures += errors
        notes += left_out
    if folder:
        return Plan(_in_folder(folder, sources), failures, notes, folder)
    if len(sources) > 1:
        raise ValueError(
            f"Expected a folder for the results of {len(sources)} photographs. "
            f"Received: {output}"
        )
    return Plan([(path, Path(output)) for path, _ in sources], failures, notes, None)


def run(planned, means, options, settings):
    """Enlarge all photographs; one that fails stops no other.

    What killed commands left beside the results is removed first. A result that can't
    be listed on stdout is no failure.

    Args:
        planned: A `Plan`.
        means: What `settings.method()` returns, and what `cluster.opened` yields or
            `None`: a client, whose workers take a photograph each, or the tiles of a
            single one.
        options: Has the attributes `tile`, `overwrite`, `max_pixels` and `resume`.
        settings: `Settings`, which the records of the results hold.

    Returns:
        List of pairs `(source, error)`.
    """
    method, client = means
    if client and len(planned.jobs) > 1:
        return _run_on_cluster(planned, client, options, settings)
    compute = client and cluster.Tiles(client, settings)
    places = _places(planned, options)
    failures = []
    for source, target in planned.jobs:
        try:
            made = _made(planned, options, settings, places, source, target)
            description = _enlarged(source, target, method, options, made, compute)
        except Exception as error:  # reported at the end, whatever it is
            failures.append((source, error))
        else:
            places.take(target)
            _report(source, target, description)
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
        type=lambda text: Path(_path(text)),
        metavar="PHOTO",
        help="file that Pillow reads, or a folder of them",
    )
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        type=_path,
        metavar="PATH",
        help=f"file to write ({' '.join(encode.WRITABLE)}), or folder for PNG files; "
        "a new folder with a dot in its name needs a / at the end",
    )
    parser.add_argument(
        "--model",
        choices=enlarge.names(),
        metavar="NAME",
        help=f"{', '.join(enlarge.names())} (default: {choice.REAL} for lossy files "
        f"and noisy photographs, {choice.CLEAN} for others)",
    )
    parser.add_argument(
        "--scale",
        type=functools.partial(_count, least=2),
        metavar="N",
        help="how many times as wide and high; networks have their own (default: 4)",
    )
    parser.add_argument(
        "--ensemble",
        action="store_true",
        help="enlarge each photograph mirrored and turned in all 8 ways and take the "
        "mean, which adds about 0.2 dB for 8 times the time; for networks",
    )
    parser.add_argument(
        "--fast",
        action="store_true",
        help="compute in bfloat16 where the processor has instructions for it, which "
        "changes values by up to 3 of 255; for networks",
    )
    parser.add_argument(
        "--tile",
        type=functools.partial(_count, least=1),
        metavar="N",
        help="largest width of a tile in pixels of the photograph; smaller ones take "
        "less memory and more time (default: as memory allows)",
    )
    parser.add_argument(
        "--max-pixels",
        type=functools.partial(_count, least=1),
        metavar="N",
        help="refuse photographs of more pixels than N, or allow up to N; by default "
        "there is a limit that protects from damaged and hostile files",
    )
    parser.add_argument(
        "--recursive",
        action="store_true",
        help="enlarge the folders in a folder too, into folders of the same names",
    )
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace files that exist, except photographs to enlarge",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="leave out photographs that were enlarged before, as they are now, in the "
        "same way",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--workers",
        type=functools.partial(_count, least=1),
        metavar="N",
        help="enlarge N photographs at a time, or N tiles of a single one, in N "
        "processes of this machine; needs Dask",
    )
    where.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="enlarge on the workers of a Dask scheduler, such as tcp://HOST:8786, "
        "that see photographs and results at the paths that they have here",
    )
    return parser


def _settings(options):
    """The `Settings` that the options ask for."""
    _check_is_network(options)
    precision = _precision() if options.fast else "float32"
    return Settings(options.model, options.scale, options.ensemble, precision)


def _on_cluster(options):
    return bool(options.workers or options.scheduler)


def _means(planned, options, settings, until_the_end):
    """What enlarges, the method and a client of workers; `None` for what isn't used."""
    if not planned.jobs:
        return None, None
    if not _on_cluster(options):
        return settings.method(), None
    until_the_end.callback(_remove_leftovers, planned)  # of workers that died
    opened = cluster.opened(options.workers, options.scheduler)
    client = until_the_end.enter_context(opened)
    cluster.check(client, settings)
    return settings.method() if len(planned.jobs) == 1 else None, client


def _check_is_network(options):
    """Raise an error if an option for networks comes with an interpolation."""
    if options.model not in enlarge.INTERPOLATIONS:
        return
    if options.ensemble:
        raise ValueError(
            "Expected a network with --ensemble; an interpolation gives the same in "
            f"every position. Received: {options.model}"
        )
    if options.fast:
        raise ValueError(
            "Expected a network with --fast; an interpolation computes in float32. "
            f"Received: {options.model}"
        )


def _precision():
    """The fast precision of this machine; a line on stderr says what it is."""
    with runtime.silence():
        runtime.check_keras()
        found = runtime.precision()
    if found == "mixed_bfloat16":
        process.say("--fast: computed in bfloat16, up to 3 of 255 off.", "stderr")
        return "mixed_bfloat16"
    process.say("--fast: this processor computes in float32 only.", "stderr")
    return "float32"


def _path(text):
    if text in ("", "-"):
        raise argparse.ArgumentTypeError(
            f"expected a path; photographs don't go through pipes, not {text!r}"
        )
    return text


def _count(text, least):
    try:
        return check_count(int(text), "the value", least)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"expected a whole number, {least} or more, not {text!r}"
        ) from error


def _is_folder(output):
    """Whether a path, as it was written, is that of a folder for results."""
    path = Path(output)
    if path.is_dir() or output.endswith(("/", os.sep)):
        return True
    if path.name.lower() in encode.WRITABLE:
        raise ValueError(f"Expected a name before the ending. Received: {output}")
    if path.suffix:
        encode.writable(path)
    return not path.suffix


def _make(planned):
    """Make the folder for the results, if there will be some."""
    if not (planned.folder and planned.jobs):
        return
    try:
        planned.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(
            f"Expected a folder for results ({error.strerror}). "
            f"Received: {planned.folder}"
        ) from error


def _found(given, recursive, output):
    """Photographs with their folder below the given one; failures; notes."""
    if not given.is_dir():
        return [(given, Path())], [], []
    if output and _same(given, output):
        raise ValueError(
            f"Expected a folder for results that isn't enlarged. Received: {given}"
        )
    found, left_out, folders, errors = _walk(given, recursive, output)
    note = "; ".join(_counted_endings(left_out) + _counted_folders(folders, recursive))
    failures = [(error.filename, error) for error in errors]
    if not (found or failures):
        described = f"none ({note})" if note else "none"
        failures = [(given, ValueError(f"Expected photographs. Received: {described}"))]
        note = ""
    inside = [(path, path.parent.relative_to(given)) for path in found]
    return inside, failures, [f"{given}: {note}"] if note else []


def _walk(top, recursive, output):
    """Photographs, files and folders that are left out, and errors of a folder."""
    endings, errors = decode.photograph_endings(), []
    found, left_out, skipped = [], [], []
    for place, folders, files in os.walk(top, onerror=errors.append):
        inner = [Path(place, x) for x in sorted(folders) if x[0] != "."]
        taken = [x for x in inner if recursive and not x.is_symlink()]
        skipped += [x for x in inner if x not in taken]
        folders[:] = [x.name for x in taken if not (output and _same(x, output))]
        for path in [Path(place, x) for x in sorted(files) if x[0] != "."]:
            fits = path.suffix.lower() in endings and path.is_file()
            (found if fits else left_out).append(path)
    return found, left_out, skipped, errors


def _counted_endings(paths):
    """Such as `["3 files left out: 2 .heic, 1 without an ending"]`."""
    kinds = Counter(path.suffix.lower() or "without an ending" for path in paths)
    listed = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    return [f"{_number(paths, 'file')} left out: {listed}"] if paths else []


def _counted_folders(paths, recursive):
    why = "they are links" if recursive else "--recursive takes them"
    return [f"{_number(paths, 'folder')} left out: {why}"] if paths else []


def _number(things, word):
    return f"{len(things)} {word}{'s' * (len(things) != 1)}"


def _same(path, other):
    found = {results.identity(path), results.identity(other)}
    return None not in found and len(found) == 1


def _in_folder(folder, sources):
    """Pair photographs with their results, each in the folder that it has there."""
    beside = defaultdict(list)
    for path, at in sources:
        beside[at].append(path.name)
    names = {at: results.named(found) for at, found in beside.items()}
    return [(path, folder / at / names[at][path.name]) for path, at in sources]


def _without_done(planned, settings):
    """A `Plan` without the photographs whose results are there; a note counts them."""
    jobs, done = [], []
    for source, target in planned.jobs:
        is_done = results.is_done(target, results.made(source, settings))
        (done if is_done else jobs).append((source, target))
    note = [f"{_number(done, 'photograph')} left out: enlarged before"] if done else []
    return planned._replace(jobs=jobs, done=done, notes=planned.notes + note)


def _places(planned, options):
    """The `results.Places` of a plan, without what killed commands left there."""
    _remove_leftovers(planned)
    sources = [source for source, _ in [*planned.jobs, *planned.done]]
    done = [target for _, target in planned.done]
    return results.Places(sources, done, options.overwrite)


def _remove_leftovers(planned):
    for place in {target.parent for _, target in [*planned.jobs, *planned.done]}:
        remove_leftovers(place)


def _made(planned, options, settings, places, source, target):
    """Make room for a result; how it is made, or `None` if that isn't recorded."""
    places.check(target)
    if planned.folder:
        target.parent.mkdir(parents=True, exist_ok=True)
    kept = planned.folder or options.resume
    return results.made(source, settings) if kept else None


def _run_on_cluster(planned, client, options, settings):
    """As `run`, with a `distributed.Client`."""
    places = _places(planned, options)
    failures, jobs = [], []
    for source, target in planned.jobs:
        try:
            made = _made(planned, options, settings, places, source, target)
        except Exception as error:  # reported at the end, whatever it is
            failures.append((source, error))
        else:
            places.take(target)
            jobs.append(cluster.Job(source, target, made))
    way = cluster.Way(
        settings,
        options.tile,
        options.overwrite,
        options.max_pixels,
        cluster.versions(settings),
    )
    unit = " photographs"
    with tqdm(total=len(jobs), leave=False, disable=None, unit=unit) as bar:
        for job, description, error in cluster.enlarged(client, jobs, way):
            if error:
                failures.append((job.source, error))
            else:
                with tqdm.external_write_mode():
                    _report(job.source, job.target, description)
            bar.update()
    return failures


def _enlarged(source, target, method, options, made, compute):
    """Enlarge one photograph and describe the result; record how, unless `None`."""
    bar = functools.partial(
        tqdm,
        desc=source.name,
        leave=False,
        disable=None,
        unit="pixel",
        unit_scale=True,
    )
    shape, lost = enlarge.enlarge(
        source,
        target,
        method,
        options.tile,
        bar,
        replace=options.overwrite,
        max_pixels=options.max_pixels,
        finished=results.record(target, made) if made else None,
        compute=compute,
    )
    return results.description(shape, lost)


def _report(source, target, description):
    """Print a line of results; a reader that closed the pipe wants no more of them."""
    error = process.say(f"{source} -> {target}: {description}")
    if error and not isinstance(error, BrokenPipeError):
        process.say(
            f"Results aren't listed: {process.on_one_line(error.strerror)}", "stderr"
        )
