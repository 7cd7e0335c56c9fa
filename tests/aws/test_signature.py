"""Signatures equal those of botocore."""

from datetime import UTC, datetime
from hashlib import sha256

import botocore.auth
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sesmail.aws.signature import Signature

pytestmark = pytest.mark.once

WORD = st.text(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=20
)
SECRET = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60)
PATH = st.lists(WORD, max_size=4).map(lambda parts: "/" + "/".join(parts))
HOST = st.one_of(
    st.just("email.eu-west-1.amazonaws.com"),
    st.just("127.0.0.1:8080"),
    st.just("[::1]:4566"),
    WORD.map(str.lower),
)
TIME = st.datetimes(
    min_value=datetime(2000, 1, 1), max_value=datetime(2099, 12, 31), timezones=st.just(UTC)
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=500)
@given(
    host=HOST,
    path=PATH,
    scope=st.tuples(WORD, WORD),
    content_type=st.sampled_from(
        ["application/json", "application/x-www-form-urlencoded; charset=utf-8"]
    ),
    credentials=st.lists(
        st.builds(Credentials, WORD, SECRET, st.none() | SECRET), min_size=1, max_size=3
    ),
    times=st.lists(TIME, min_size=1, max_size=3),
    body=st.binary(max_size=200),
)
def test_signature_equals_botocores(
    monkeypatch: pytest.MonkeyPatch,
    host: str,
    path: str,
    scope: tuple[str, str],
    content_type: str,
    credentials: list[Credentials],
    times: list[datetime],
    body: bytes,
) -> None:
    region, service = scope
    signature = Signature(path, region, service, content_type, host)
    for secret in credentials:
        for time in times:
            monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda time=time: time)
            request = AWSRequest(
                "POST", f"https://{host}{path}", {"Content-Type": content_type}, body
            )
            SigV4Auth(secret, service, region).add_auth(request)
            ours = signature.headers(sha256(body).hexdigest(), secret, time.timestamp())
            assert {"Content-Type": content_type, **ours} == dict(request.headers.items())
