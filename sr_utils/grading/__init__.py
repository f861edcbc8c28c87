"""Assignments that grade themselves: `make assignments` and `make grade`.

What a student hands in runs in a sandbox, of which only plain arrays leave. The marks
are decided outside, in the process of the teacher. notebooks/assignments/README.md is
the manual; no lesson imports this package.

- task: what a task of an assignment declares
- source, notebook: from a source to the students' notebook; reading what comes back
- sandbox, limits, worker, wire: running students' code
- grader, verdict: what each task of a submission is worth, and why
- classroom, report: a folder of submissions, its table and its pages of feedback
- bridge: nbgrader's gradebook and formgrader
"""
