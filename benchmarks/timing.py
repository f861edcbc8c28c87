"""Time functions in turn, so that a machine whose speed drifts slows all of them."""

import statistics
import time


def seconds(function):
    """Time one call of `function`."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def ratio(first, second, rounds=31):
    """The median, over rounds, of the time of `first` divided by that of `second`."""
    first(), second()
    return statistics.median(seconds(first) / seconds(second) for _ in range(rounds))


def in_turn(ways, rounds):
    """Time functions in turn; a list of seconds for each name."""
    for way in ways.values():
        way()
    times = [{name: seconds(way) for name, way in ways.items()} for _ in range(rounds)]
    return {name: [x[name] for x in times] for name in ways}
