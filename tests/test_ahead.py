"""Computing ahead: the order, the errors and the end of a plain iteration."""

import threading

import pytest

from sr_utils.ahead import ahead


def test_items_come_in_order():
    assert list(ahead(range(7))) == list(range(7))
    assert list(ahead([])) == []


def test_it_is_ahead_in_another_thread_but_not_far():
    made, both = [], threading.Semaphore(0)

    def items():
        for number in range(9):
            made.append(threading.get_ident())
            both.release()
            yield number

    coming = ahead(items(), count=2)
    assert next(coming) == 0
    for _ in range(3):  # the one that was taken, and two more
        both.acquire()
    assert len(made) == 3
    assert threading.get_ident() not in made
    assert list(coming) == [*range(1, 9)]


def test_an_error_comes_where_it_happens():
    def items():
        yield 1
        raise OSError("full")

    coming = ahead(items())
    assert next(coming) == 1
    with pytest.raises(OSError, match="full"):
        next(coming)


def test_closed_early_it_leaves_no_thread():
    before = threading.active_count()
    coming = ahead(iter(int, 1))
    next(coming)
    assert threading.active_count() == before + 1
    coming.close()
    assert threading.active_count() == before
