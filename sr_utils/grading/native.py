"""Hidden tests inside the student's own process, for nbgrader's autograder.

`make grade` doesn't use this: there, the verdict is formed outside. What a student's
code does to NumPy or to this module, it does to this check, too.
"""

import numpy as np

from .verdict import judged


def check_here(task, namespace, seed=0):
    """Judge a function that is defined in this process.

    Args:
        task: A `Task`.
        namespace: Dictionary with the student's function, such as `globals()`.
        seed: Of the hidden cases.

    Raises:
        AssertionError: With what is wrong, as the feedback says it.
    """
