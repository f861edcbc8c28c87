"""Errors of students' code in words.

What the sandbox reports is a student's to forge, and a message can hold a hidden input.
So of errors in hidden calls, only Python's own names and the student's own lines are
repeated.
"""

import builtins
import re

_UNDEFINED = re.compile(r"name '(\w+)' is not defined")
_MISSING = r"(cannot import name|has no attribute|No module named) '{}'"
_LONG = 300  # characters of an error's message


def of_call(message, work, submission, shown):
    """What a call came to without a result, in words; `None` if it has one.

    Args:
        message: What the sandbox sent with the result.
        work: A `source.Work`.
        submission: A `notebook.Submission`.
        shown: Whether the call was that of the example.
    """
    if message.get("error"):
        return in_words(message["error"], work, submission, shown)
    if message.get("modified"):
        return "It changes its arguments. Work on copies."
    if message.get("nothing"):
        if message.get("printed"):
            return "The result is printed instead of returned."
        return "Nothing is returned. Is the `return` missing?"
    if message.get("kind"):
        return f"Expected numbers or arrays. Received: {_builtin(message['kind'])}."
    return None


def in_words(error, work, submission, shown):
    """An error as its student should read it.

    Args:
        error: What the sandbox reports: kind, message, line and cell.
        work: The `source.Work`.
        submission: A `notebook.Submission`.
        shown: Whether the error's message may be repeated.
    """
    if not isinstance(error, dict):
        return "The code stops with an error."
    kind, message = str(error.get("kind")), str(error.get("message"))
    source = submission.sources[work.name]
    if kind == "NotImplementedError" and kind in source:
        return (
            "Not answered yet: the line `raise NotImplementedError()` is still there."
        )
    if kind == "MemoryError":
        return "It takes too much memory."
    told = f": {message[:_LONG]}" if shown and message else ""
    return (
        _undefined(message, source, submission)
        or _blocked(message, source, work.task)
        or f"The code stops with {_builtin(kind)}{_place(error, submission)}{told}."
    )


def _blocked(message, source, task):
    for name in task.blocked:
        last = name.rpartition(".")[2]
        if last in source and re.search(_MISSING.format(re.escape(last)), message):
            return f"`{name}` is missing in this task, since it is the answer."
    return None


def _undefined(message, source, submission):
    found = _UNDEFINED.match(message)
    if not found or found[1] not in source:
        return None
    elsewhere = submission.definitions().get(found[1])
    if elsewhere is None:
        return f"The name `{found[1]}` isn't defined when the task is run alone."
    return (
        f"`{found[1]}` is defined only in the cell of {elsewhere}. Each task is run "
        "without the cells of others: put it into a cell of its own, above both."
    )


def _place(error, submission):
    """The line of the error, as it is in the student's notebook."""
    source = submission.sources.get(str(error.get("cell")), "")
    lines, number = source.splitlines(), error.get("line")
    if not isinstance(number, int) or not 0 < number <= len(lines):
        return ""
    return f" in line {number}, `{lines[number - 1].strip()[:100]}`"


def _builtin(kind):
    found = getattr(builtins, str(kind), None)
    if isinstance(found, type):
        article = "an" if kind[0] in "AEIOUaeiou" else "a"
        return f"{article} {kind}"
    return "an error" if "Error" in str(kind) else "something else"
