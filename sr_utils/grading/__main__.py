"""`python -m sr_utils.grading build | grade | try`."""

import argparse
import sys
from pathlib import Path

from sr_utils.cli import process

if __name__ == "__main__":
    process.prepare("Stopped.")  # before the imports that take seconds

from . import bridge, classroom, report, sandbox, source, trial

_FAILURES = (sandbox.SandboxError, classroom.FolderError, source.SourceError)


def main():
    """Read the command line; exit with a message if something is missing."""
    parser = argparse.ArgumentParser(prog="sr_utils.grading")
    actions = parser.add_subparsers(required=True)
    build = actions.add_parser("build", help="write the students' notebooks")
    build.set_defaults(run=_build)
    attempt = actions.add_parser("try", help="hand in the solutions of the tests")
    attempt.add_argument("assignment")
    attempt.add_argument("task", nargs="?", help="default: all")
    attempt.set_defaults(run=_try)
    grade = actions.add_parser("grade", help="grade a folder of submissions")
    grade.add_argument("submissions", type=Path, metavar="FOLDER")
    grade.add_argument("--assignment", help="by default found out from the notebooks")
    grade.add_argument(
        "--seed",
        type=int,
        default=source.SEED,
        help="of the hidden cases; keep yours to yourself (default: %(default)s)",
    )
    grade.add_argument("--output", type=Path, default=Path("build", "grades"))
    grade.add_argument(
        "--without-sandbox",
        action="store_true",
        help="run students' code with your rights; only inside a container",
    )
    grade.set_defaults(run=_grade)
    arguments = parser.parse_args()
    try:
        with process.stoppable():
            arguments.run(arguments)
    except _FAILURES as error:
        sys.exit(str(error))
    except KeyboardInterrupt as stop:
        process.say("\nStopped. The same command goes on from here.", "stderr")
        sys.exit(process.status(stop))


def _build(_):
    for path in source.build():
        print(path)


def _grade(arguments):
    """Grade a folder; say where the table is, and what couldn't be read."""
    if not arguments.without_sandbox:
        sandbox.check()
    assignment = classroom.recognized(
        arguments.submissions, source.assignments(), arguments.assignment
    )
    given = classroom.entries(arguments.submissions, assignment.name)
    folder = arguments.output / assignment.name
    results = classroom.grade(
        given,
        assignment,
        arguments.seed,
        folder / "verdicts",
        open_air=arguments.without_sandbox,
    )
    marks = bridge.write(folder / "course", assignment, results)
    for result in results:
        if result.problem:
            print(f"{result.student}: {result.problem}")
    print(report.write(folder, assignment, results, marks))


def _try(arguments):
    trial.report(arguments.assignment, arguments.task)


if __name__ == "__main__":
    main()
