"""A folder of submissions: whose they are, grading them side by side, going on."""

import hashlib
import json
import os
import queue
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from sr_utils.photo_files import atomic

from . import notebook
from .grader import Grader, Verdict
from .sandbox import Sandbox, SandboxError

_NAME = 100  # characters of a student's name
_ENGINE = Path(__file__).parent


class FolderError(Exception):
    """A folder of submissions can't be graded as a whole; the message says why."""


@dataclass(frozen=True)
class Entry:
    """What one student handed in.

    Attributes:
        student: Name, unique and printable.
        path: `pathlib.Path` of the notebook, or `None`.
        problem: Why there is none, or "".
    """

    student: str
    path: Path | None
    problem: str = ""


@dataclass
class Result:
    """What one student's submission is worth.

    Attributes:
        student: Name.
        problem: Why the file can't be graded, or "".
        verdicts: `Verdict` by name of the task; empty if there is a problem.
        key: Changes with all that verdicts depend on.
        submission: The `notebook.Submission`, or `None` if there is a problem.
    """

    student: str
    problem: str = ""
    verdicts: dict = field(default_factory=dict)
    key: str = ""
    submission: notebook.Submission | None = None


def entries(folder, assignment):
    """Every `Entry` of a folder, sorted by name.

    A file is a submission of the student it is named for; a folder is a student's, in
    nbgrader's layout. Hidden files are left out.

    Args:
        folder: `pathlib.Path`.
        assignment: Name of the assignment.

    Raises:
        FolderError: If there is nothing in the folder.
    """
    if not folder.is_dir():
        raise FolderError(f"Expected a folder of submissions. Received: {folder}")
    places = sorted(x for x in folder.iterdir() if x.name[0] != ".")
    if not places:
        raise FolderError(f"Expected submissions in {folder}. Received: none")
    names = _unique([x.stem if _is_notebook(x) else x.name for x in places])
    return [_entry(*x, assignment) for x in zip(names, places, strict=True)]


def recognized(folder, assignments, name=None):
    """The assignment that a folder of submissions belongs to.

    Args:
        folder: `pathlib.Path`.
        assignments: List of `source.Assignment` to choose from.
        name: Of the assignment, if it is known.

    Raises:
        FolderError: If it is none, or several.
    """
    by_name = {assignment.name: assignment for assignment in assignments}
    if name in by_name:
        return by_name[name]
    inner = {x.name for x in folder.glob("*/*") if x.is_dir()}
    found = [by_name[name] for name in sorted(inner & set(by_name))]
    if not found:
        votes = Counter(
            x for path in folder.glob("*.ipynb") for x in _of(path, by_name)
        )
        found = [by_name[votes.most_common(1)[0][0]]] if votes else []
    if len(found) != 1 or name:
        received = name or " and ".join(x.name for x in found) or "none"
        raise FolderError(
            f"Expected submissions of one assignment; ASSIGNMENT={'|'.join(by_name)} "
            f"names it. Received: {received}"
        )
    return found[0]


def grade(given, assignment, seed, cache, *, open_air=False, workers=None):
    """Grade what hasn't been graded, or has changed, on all cores.

    Args:
        given: List of `Entry`.
        assignment: A `source.Assignment`.
        seed: Of the hidden cases.
        cache: `pathlib.Path` of a folder with the verdicts so far.
        open_air: Run students' code without a sandbox.
        workers: How many at a time, by default one per core.

    Returns:
        List of `Result`, in the order of `given`.
    """
    cache.mkdir(parents=True, exist_ok=True)
    grader = Grader(assignment, seed)
    results = [_started(entry, assignment, seed, cache) for entry in given]
    left = [x for x in results if not (x.problem or x.verdicts)]
    workers = min(workers or len(os.sched_getaffinity(0)), max(1, len(left)))
    with ExitStack() as stack, tqdm(total=len(left), desc="grading") as bar:
        pool = stack.enter_context(ThreadPoolExecutor(workers))
        free = queue.SimpleQueue()
        for _ in range(workers):
            free.put(stack.enter_context(Sandbox(open_air)))
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)
        jobs = [pool.submit(_graded, x, grader, free, cache) for x in left]
        for job in as_completed(jobs):
            job.result()
            bar.update()
    return results


def _entry(student, place, assignment):
    if _is_notebook(place):
        return Entry(student, place)
    if not place.is_dir() or place.is_symlink():
        return Entry(student, None, f"Expected a notebook. Received: {place.name}.")
    path = place / assignment / f"{assignment}.ipynb"
    if path.parent.is_symlink():
        return Entry(student, None, "It is a link, not a folder.")
    if os.path.lexists(path):
        return Entry(student, path)
    there = (
        sorted(x.name for x in path.parent.glob("*")) if path.parent.is_dir() else []
    )
    received = ", ".join(there) or "nothing"
    return Entry(student, None, f"Expected {path.name}. Received: {received}."[:300])


def _is_notebook(path):
    return path.suffix.lower() == ".ipynb" and (path.is_symlink() or not path.is_dir())


def _unique(names):
    """Printable names, each different from the others, and no longer than needed."""
    found = []
    for name in names:
        shown = name.encode(errors="backslashreplace").decode()
        shown = "".join(x if x.isprintable() else "_" for x in shown)[:_NAME]
        others = sum(x.casefold() == shown.casefold() for x in found)
        found.append(f"{shown} ({others + 1})" if others else shown)
    return found


def _of(path, by_name):
    """The names of the assignments that a notebook has cells of."""
    with suppress(notebook.UnreadableError):
        ids = notebook.ids(path)
        shares = {name: len(ids & set(x.cells)) for name, x in by_name.items()}
        best = max(shares, key=shares.get)
        return [best] if shares[best] else []
    return []


def _started(entry, assignment, seed, cache):
    """A result without verdicts, unless they are known already."""
    if entry.problem:
        return Result(entry.student, entry.problem)
    try:
        submission = notebook.read(entry.path, assignment)
    except notebook.UnreadableError as error:
        return Result(entry.student, str(error))
    handed_in = [submission.sources, submission.order, sorted(submission.twice)]
    parts = json.dumps([assignment.text, seed, _engine(), handed_in])
    key = hashlib.sha256(parts.encode()).hexdigest()
    verdicts = _known(cache / f"{entry.student}.json", key)
    return Result(entry.student, "", verdicts, key, submission)


def _engine():
    """The text of what grades, since verdicts depend on it."""
    return "".join(x.read_text(encoding="utf-8") for x in sorted(_ENGINE.glob("*.py")))


def _known(path, key):
    with suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["key"] == key:
            return {name: Verdict(**x) for name, x in kept["verdicts"].items()}
    return {}


def _graded(result, grader, free, cache):
    """Grade one submission and keep its verdicts."""
    sandbox = free.get()
    try:
        result.verdicts = grader.grade(result.submission, sandbox)
    finally:
        free.put(sandbox)
    if sandbox.closed:  # the last verdict may be that of a process that was stopped
        raise SandboxError("Expected an open sandbox. Received: a closed one")
    kept = {name: verdict.as_dict() for name, verdict in result.verdicts.items()}
    data = json.dumps({"key": result.key, "verdicts": kept})
    atomic.write_whole(cache / f"{result.student}.json", data.encode())
