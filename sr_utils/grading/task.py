"""What a task of an assignment declares, in the hidden part of its check cell."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Case:
    """One call of a student's function.

    Attributes:
        words: What is special about the call, such as "an image that isn't square". The
            feedback names a failing case by it, so it gives no hidden values away.
        arguments: Tuple of what the function is called with: numbers, strings, NumPy
            arrays, or lists of them.
    """

    words: str
    arguments: tuple


@dataclass(frozen=True)
class Task:
    """How the result of a task is judged. All of it runs outside the sandbox.

    Exactly one of `expected` and `check` is given.

    Attributes:
        function: Name of the function that the student writes.
        example: Arguments of the example in the task's text. It is the first case, and
            the only one of which the feedback shows values.
        cases: Takes a seeded `numpy.random.Generator`, returns each hidden `Case`.
        expected: Takes a case's arguments, returns the right result: a number, an
            array, or a list of them. It isn't the solution once more, but another
            way to the same numbers.
        check: Takes a result and the case's arguments, returns `None` if it is right,
            and otherwise the symptom in a sentence. For tasks with many right answers.
        mistakes: Message to function. The function takes a case's arguments and returns
            what a typical mistake would give; a student whose result it is reads
            the message.
        look: Where to look again, such as 'lesson 1, "Measuring: PSNR"'.
        blocked: Full names of functions that hold the answer, such as
            "sr_utils.metrics.psnr". They are missing in the sandbox of this task.
        inside: A function that runs in the sandbox, too. It takes the student's
            function and a case's arguments and returns plain arrays, for tasks whose
            function takes or returns something else, such as a network. It stands
            alone: it imports what it needs.
        rtol: Relative tolerance of a number.
        atol: Absolute tolerance of a number.
        seconds: Processor time for all calls together, a whole number.
    """

    function: str
    example: tuple
    cases: Callable
    expected: Callable | None = None
    check: Callable | None = None
    mistakes: dict[str, Callable] = field(default_factory=dict)
    look: str = ""
    blocked: tuple[str, ...] = ()
    inside: Callable | None = None
    rtol: float = 1e-4
    atol: float = 1e-6
    seconds: int = 10

    def __post_init__(self):
        if (self.expected is None) == (self.check is None):
            raise ValueError(
                f"Expected either `expected` or `check` for {self.function}. "
                f"Received: {'neither' if self.expected is None else 'both'}"
            )
