"""What the check cell of an exercise replies, in one line."""

import contextlib


@contextlib.contextmanager
def checking(*names):
    """Run the assertions of a check cell and print how far the answer is.

    It prints that there is no answer yet, or the message of the first assertion that
    fails, or that all hold. An error inside the answer is raised as anywhere else.

    Args:
        *names: What the answer has to define.

    Example:
        ```
        with checking("halve"):
            assert halve(4) == 2, "Half of 4 is 2."
        ```
    """
    try:
        yield
    except NameError as error:
        if error.name not in names:
            raise
        print(f"Not answered yet. Your answer has to define {' and '.join(names)}.")
    except AssertionError as error:
        print(f"Not right yet. {error}")
    else:
        print("Right.")
