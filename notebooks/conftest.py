"""Settings of the notebook tests."""


def pytest_collectstart(collector):
    """Leave stderr out of nbval's comparison: log lines differ by machine."""
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("stderr",)
