"""Compute what comes next while the current result is used."""

from collections import deque
from concurrent.futures import ThreadPoolExecutor

_END = object()


def ahead(items, count=1):
    """Iterate in a thread of its own, up to `count` items ahead of whoever takes them.

    Networks, compression and files release Python's lock, so they work at the same
    time. Order and errors are those of a plain iteration.

    Args:
        items: Iterable.
        count: How many items may wait.

    Yields:
        The items.
    """
    items = iter(items)
    with ThreadPoolExecutor(1) as worker:
        coming = deque(worker.submit(next, items, _END) for _ in range(count))
        try:
            while (item := coming.popleft().result()) is not _END:
                coming.append(worker.submit(next, items, _END))
                yield item
        finally:
            for future in coming:
                future.cancel()
