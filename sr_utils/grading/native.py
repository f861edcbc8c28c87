"""Hidden tests inside the student's own process, for nbgrader's autograder.

`make grade` doesn't use this: there, the verdict is formed outside. What a student's
code does to NumPy or to this module, it does to this check, too.
"""

import copy

import numpy as np

from . import verdict
from .task import Case


def check_here(task, namespace, seed=0):
    """Judge a function that is defined in this process.

    Args:
        task: A `Task`. What it blocks isn't blocked here.
        namespace: Dictionary with the student's function, such as `globals()`.
        seed: Of the hidden cases.

    Raises:
        AssertionError: With what is wrong, as the feedback says it.
    """
    function = namespace.get(task.function)
    rng = np.random.default_rng([seed, *task.function.encode()])
    for case in [Case("the example of the text", task.example), *task.cases(rng)]:
        arguments = copy.deepcopy(case.arguments)
        first = (function,) if task.inside else ()
        result = (task.inside or function)(*first, *arguments)
        problem = verdict.symptom(task, case, result)
        if problem:
            raise AssertionError(f"For {case.words}: {problem}")
