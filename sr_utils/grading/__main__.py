"""`python -m sr_utils.grading build | grade | try`."""

import argparse

from sr_utils.cli import process

if __name__ == "__main__":
    process.prepare("Stopped.")  # before the imports that take seconds

from . import source, trial


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
    arguments = parser.parse_args()
    arguments.run(arguments)


def _build(_):
    for path in source.build():
        print(path)


def _try(arguments):
    trial.report(arguments.assignment, arguments.task)


if __name__ == "__main__":
    main()
