"""Right or wrong, and why: comparing plain arrays, outside the sandbox."""

import itertools

import numpy as np

_SMALL = 12  # numbers; longer results aren't shown


def symptom(task, case, result, shown=False):
    """What is wrong with a result, in a sentence or two; `None` if it is right.

    Args:
        task: A `Task`.
        case: The `Case` whose arguments the function was called with.
        result: What it returned: a number, an array, text, or lists of them.
        shown: Whether the case is the example, of which values may be shown. Otherwise
            no number that a student chose goes into the sentence.
    """
    if task.check:
        found = _checked(task, case, result)
    else:
        expected = task.expected(*case.arguments)
        found = None if equal(result, expected, task) else ""
    if found is None:
        return None
    for message, mistake in task.mistakes.items():
        if equal(result, mistake(*case.arguments), task):
            return message
    return found or difference(result, expected, task, shown)


def equal(result, expected, task):
    """Whether a result has the structure, shapes and values that are expected.

    A list of numbers passes for an array, and an array for a list of its rows.

    Args:
        result: A number, an array, text, or a list of them.
        expected: The same.
        task: Gives the tolerances `rtol` and `atol`.
    """
    if isinstance(expected, list | tuple):
        if _length(result) != len(expected):
            return False
        return all(equal(x, y, task) for x, y in zip(result, expected, strict=True))
    result, expected = as_array(result), np.asarray(expected)
    if result is None or result.shape != expected.shape:
        return False
    if "U" in (result.dtype.kind, expected.dtype.kind):
        return bool(np.array_equal(result, expected))
    return bool(np.allclose(result, expected, task.rtol, task.atol, equal_nan=True))


def difference(result, expected, task, shown):
    """How a wrong result differs, in words."""
    if isinstance(expected, list | tuple):
        return _list_difference(result, expected, task, shown)
    result, expected = as_array(result), np.asarray(expected)
    if result is None:
        return f"Expected {_kind(expected)}. Received: something else."
    if result.shape != expected.shape:
        return _shape_difference(result, expected, shown)
    if "U" in (result.dtype.kind, expected.dtype.kind):
        return "Another answer is right."
    if not np.isfinite(result).all() and np.isfinite(expected).all():
        return "The result holds NaN or infinity. Is something divided by zero?"
    return _pattern(result, expected, task) or _share(result, expected, task, shown)


def as_array(value):
    """A number, an array, or rows of them as one array; `None` if that can't be."""
    try:
        array = np.array(value)
    except ValueError:
        return None
    return array if array.dtype.kind in "biufU" else None


def _checked(task, case, result):
    try:
        return task.check(result, *case.arguments)
    except Exception:  # what a check doesn't expect isn't right
        return "The result can't be judged: it isn't what the text describes."


def _list_difference(result, expected, task, shown):
    if _length(result) != len(expected):
        return f"Expected {len(expected)} results. Received: another number of them."
    for number, (x, y) in enumerate(zip(result, expected, strict=True), start=1):
        if not equal(x, y, task):
            return f"Result {number}: {difference(x, y, task, shown)}"
    raise ValueError("Expected results that differ. Received: equal ones")


def _length(result):
    """Of a list or of an array's first axis; `None` if there is none."""
    if isinstance(result, np.ndarray):
        return len(result) if result.ndim else None
    return len(result) if isinstance(result, list | tuple) else None


def _shape_difference(result, expected, shown):
    orders = itertools.permutations(expected.shape)
    swapped = result.ndim == expected.ndim and result.shape in orders
    hint = " Are axes swapped?" if swapped else ""
    if shown:
        return f"Expected {_kind(expected)}. Received: {_kind(result)}.{hint}"
    return f"The result has another shape than expected.{hint}"


def _kind(array):
    return f"shape {array.shape}" if array.ndim else "a single number"


def _pattern(result, expected, task):
    """A simple reason why all values are wrong."""
    result, expected = result.astype(float), expected.astype(float)
    if result.ndim == 3 and equal(result[..., ::-1], expected, task):
        return "Red and blue are swapped."
    if result.ndim > 1 and equal(result.swapaxes(0, 1), expected, task):
        return "Rows and columns are swapped."
    for axis, name in enumerate(("upside down", "mirrored")[: result.ndim]):
        if result.ndim > 1 and equal(np.flip(result, axis), expected, task):
            return f"The result is {name}."
    norm = np.sum(expected * expected)
    factor = np.sum(result * expected) / norm if norm else 0
    if factor and equal(result / factor, expected, task):
        size = "too large" if factor > 1 else "too small"
        return f"All values are {size}, by the same factor."
    if equal(result - np.mean(result - expected), expected, task) and result.size > 1:
        return "The same number is missing everywhere, or added."
    return None


def _share(result, expected, task, shown):
    result, expected = result.astype(float), expected.astype(float)
    wrong = ~np.isclose(result, expected, task.rtol, task.atol)
    if result.ndim == 0:
        words = "The number is wrong."
    else:
        parts = ["A few values are", "Many values are", "Most values are"]
        words = f"{parts[int(min(wrong.mean(), 0.99) * 3)]} wrong{_where(wrong)}."
    if not shown:
        return words
    if result.size <= _SMALL:
        return f"{words} Expected: {_shown(expected)}. Received: {_shown(result)}."
    return f"{words} The largest difference is {np.abs(result - expected).max():.3g}."


def _where(wrong):
    if wrong.ndim < 2 or min(wrong.shape[:2]) < 5:
        return ""
    middle = wrong[wrong.shape[0] // 4 : -(wrong.shape[0] // 4)]
    middle = middle[:, wrong.shape[1] // 4 : -(wrong.shape[1] // 4)]
    return "" if middle.any() else ", all of them near the border"


def _shown(array):
    return np.array2string(array, precision=4, separator=", ").replace("\n", " ")
