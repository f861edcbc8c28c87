"""Settings of the notebook tests."""

from collections import Counter
from itertools import chain
from pathlib import Path

from tools.notebooks import drop_page


def pytest_collectstart(collector):
    """Leave stderr out of nbval's comparison: log lines differ by machine."""
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("stderr",)


def pytest_itemcollected(item):
    """Compare without what `tools.notebooks.clean` doesn't store."""
    compare = getattr(item, "compare_outputs", None)
    if not compare:
        return

    def compare_stored(test, *rest):
        for output in test:
            drop_page(output)
        return compare(test, *rest)

    item.compare_outputs = compare_stored


def pytest_terminal_summary(terminalreporter):
    """Say how long the cells of each notebook took."""
    seconds = Counter()
    for report in chain.from_iterable(terminalreporter.stats.values()):
        path = Path(getattr(report, "nodeid", "").partition("::")[0])
        if path.suffix == ".ipynb":
            seconds[path.stem] += report.duration
    terminalreporter.section("time per notebook")
    for name, taken in sorted(seconds.items()):
        terminalreporter.line(f"{name}: {taken:.0f} s")
