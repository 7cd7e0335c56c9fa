"""Queries of sockets on other operating systems."""

import select
import socket
import sys

import pytest

from sesmail.aws import unread


def test_sockets_are_queried_without_poll(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        monkeypatch.delattr(select, "poll")
        is_readable = unread.readable_query(ours)
        assert not is_readable()
        theirs.send(b"x")
        assert is_readable()


def test_nothing_is_known_of_acknowledgements_without_the_query(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    query = unread._find_query()
    assert query is None
    monkeypatch.setattr(unread, "_query", query)
    assert unread.has_unacknowledged_data(0) is False


def test_failing_query_shows_nothing() -> None:
    with socket.socket() as sock:
        closed = sock
    assert unread.has_unacknowledged_data(closed.fileno()) is False
