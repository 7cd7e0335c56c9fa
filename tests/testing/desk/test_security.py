"""Security of the desk: hosts, other sites, policies, and the HTML of mails."""

import base64
import hashlib
import re
from typing import Any

import pytest

from sesmail import Attachment
from sesmail.testing.desk import frame
from support.desk import HEADER, Site


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8025", "127.0.0.1.evil.example"])
@pytest.mark.parametrize("path", ["/", "/api/mails", "/api/changes"])
def test_only_hosts_of_this_machine(site: Site, host: str, path: str) -> None:
    assert site.request("GET", path, headers={"Host": host}).status == 421


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Content-Type": "application/json"}, 403),
        (HEADER, 200),
        ({**HEADER, "Origin": "http://evil.example"}, 403),
        ({**HEADER, "Origin": "null"}, 403),
        ({**HEADER, "Origin": "http://127.0.0.1:1"}, 403),
        ({**HEADER, "Sec-Fetch-Site": "cross-site"}, 403),
        ({**HEADER, "Sec-Fetch-Site": "same-site"}, 403),
        ({**HEADER, "Sec-Fetch-Site": "same-origin"}, 200),
        ({**HEADER, "Sec-Fetch-Site": "none"}, 200),
    ],
)
def test_requests_of_other_sites_change_nothing(
    site: Site, headers: dict[str, str], status: int
) -> None:
    site.send()
    assert site.request("DELETE", "/api/mails", headers=headers).status == status
    assert len(site.fake.outbox) == (0 if status == 200 else 1)
    mail = b'{"from": "a@example.com", "to": "b@example.com"}'
    assert site.request("POST", "/api/received", mail, headers).status == status


def test_own_origin_is_accepted(site: Site) -> None:
    headers = {**HEADER, "Origin": site.url}
    assert site.request("DELETE", "/api/mails", headers=headers).status == 200


def test_preflights_fail(site: Site) -> None:
    headers = {"Origin": "http://evil.example", "Access-Control-Request-Method": "DELETE"}
    response = site.request("OPTIONS", "/api/mails", headers=headers)
    assert response.status == 403
    assert not [name for name in response.headers if name.startswith("access-control")]


def test_page_runs_its_own_script_only(site: Site) -> None:
    response = site.get("/")
    policy = response.headers["content-security-policy"]
    page = response.body
    for kind in (b"script", b"style"):
        (text,) = re.findall(rb"<%b>(.*?)</%b>" % (kind, kind), page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text).digest()).decode()
        assert f"{kind.decode()}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert b"innerHTML" not in page.replace(b"forbids innerHTML", b"")
    assert b"insertAdjacentHTML" not in page
    assert not re.findall(rb"(?:src|href)=[\"']?(?:https?:)?//", page)


@pytest.mark.parametrize("path", ["/", "/api/mails", "/api/status", "/none"])
def test_responses_have_the_headers_of_security(site: Site, path: str) -> None:
    headers = site.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"].startswith("default-src 'none'; ")


def test_html_of_a_mail_has_no_origin_and_loads_nothing(site: Site) -> None:
    html = '<!doctype html><img src="https://t.example/p.gif"><script>alert(1)</script>'
    mail_id = site.send(html=html)
    response = site.get(f"/api/mails/{mail_id}/html")
    directives = dict(
        each.strip().partition(" ")[::2]
        for each in response.headers["content-security-policy"].split(";")
    )
    assert directives == {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": "'unsafe-inline'",
        "font-src": "data:",
        "form-action": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'self'",
        "sandbox": "allow-popups allow-popups-to-escape-sandbox",
    }
    assert response.body.startswith(b'<!doctype html><base target="_blank"><img')
    asked = site.get(f"/api/mails/{mail_id}/html", remote="1").headers
    assert "img-src data: https: http:;" in asked["content-security-policy"]
    assert "default-src 'none'" in asked["content-security-policy"]
    assert site.get(f"/api/mails/{mail_id}").json["remote"] is True


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<img src='//t.example/p'>", True),
        ("<td background=http://t.example/p>", True),
        ("<p style='background:url( \"https://t.example/p\")'>", True),
        ("<img srcset='https://t.example/p 2x'>", True),
        ("<a href='https://example.com/'>x</a>", False),
        ("<img src='cid:x'>", False),
    ],
)
def test_remote_contents_are_found(html: str, expected: bool) -> None:
    assert frame.has_remote_content(html) is expected


def test_inline_images_are_embedded_up_to_a_limit(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = [Attachment(f"{name}.png", b"\x89PNG", content_id=name) for name in "ab"]
    mail_id = site.send(html="<img src=cid:a><img src=cid:b>" * 2, attachments=images)
    path = f"/api/mails/{mail_id}/html"
    assert site.get(path).body.count(b"data:image/png;base64,") == 4
    monkeypatch.setattr(frame, "_MAX_IMAGES", 8)
    assert site.get(path).body.count(b"data:image/png;base64,") == 2
    monkeypatch.setattr(frame, "_MAX_HTML", 10)
    assert site.get(path).body == b'<base target="_blank"><img src=c'


def test_mail_without_html_has_an_empty_frame(site: Site) -> None:
    response = site.get(f"/api/mails/{site.send()}/html")
    assert response.body == b'<base target="_blank">'


def test_lone_surrogates_are_replaced(site: Site) -> None:
    raw = b"From: a@example.org\r\nTo: b@example.com\r\n"
    raw += b"Content-Type: text/html\r\n\r\n<p>\xed\xa0\x80"
    response = site.request(
        "POST", "/api/received", raw, {**HEADER, "Content-Type": "message/rfc822"}
    )
    path = f"/api/mails/{response.json['id']}"
    assert (site.get(path).status, site.get(f"{path}/html").status) == (200, 200)


@pytest.mark.parametrize("number", range(6))
def test_hostile_mails_are_shown(site: Site, number: int) -> None:
    mails: list[Any] = [
        b"",
        b"\x00" * 100,
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 3000,
        b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
            for n in range(500)
        ),
        b"Content-Type: text/html\r\n\r\n" + b"<div>" * 100_000 + b"</p>" * 10_000,
        b"X: y\r\n" * 30_000 + b"\r\nContent-Disposition: attachment; filename=../../x\r\n",
    ]
    headers = {**HEADER, "Content-Type": "message/rfc822"}
    path = "/api/received?to=b@example.com&from=a@example.org"
    response = site.request("POST", path, mails[number], headers)
    path = f"/api/mails/{response.json['id']}"
    for rest in ("", "/html", "/source"):
        assert site.get(f"{path}{rest}").status == 200
    assert site.get("/api/mails", q="x").status == 200
