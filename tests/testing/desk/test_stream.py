"""Changes as server-sent events."""

from collections.abc import Iterator

import pytest

from sesmail.testing.desk import stream
from support.desk import Events, Site


@pytest.fixture
def reader(site: Site) -> Iterator[Events]:
    with site.events() as events:
        yield events


def test_mails_events_and_deliveries_are_reported(site: Site, reader: Events) -> None:
    assert reader.response.getheader("Content-Type") == "text/event-stream; charset=utf-8"
    site.fake.subscribe(post=lambda body, headers: 200)
    assert '"id": null' in reader.named("delivery")[1]  # of the confirmation
    mail_id = site.send()
    assert f'"id": "{mail_id}"' in reader.named("mail")[1]
    assert f'"id": "{mail_id}"' in reader.named("event")[1]
    response = site.post("/api/received", {"from": "a@example.com", "to": "b@example.com"})
    assert f'"id": "{response.json["id"]}"' in reader.named("event")[1]
    site.fake.reset()
    assert '"id": null' in reader.named("reset")[1]


def test_silent_stream_has_comments(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_SILENCE", 0.01)
    with site.events() as events:
        assert events.event() == [": alive"]


def test_number_of_streams_is_limited(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MAX_STREAMS", 1)
    with site.events():
        assert site.get("/api/changes").status == 503
