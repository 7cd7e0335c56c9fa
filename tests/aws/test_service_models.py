"""Service models equal botocore's, and are found without listing all services."""

import gzip
import json
import os
from pathlib import Path

import pytest
from botocore.exceptions import UnknownServiceError
from botocore.loaders import JSONFileLoader, Loader

from sesmail.aws import Aws, AwsSettings, service_models
from sesmail.aws.service_models import ServiceModelLoader

TYPES = [
    "service-2",
    "endpoint-rule-set-1",
    "paginators-1",
    "waiters-2",
    "examples-1",
    "no-such-type",
]
READ = {kind: kind.load_file for kind in (JSONFileLoader, service_models._Files)}


@pytest.fixture(autouse=True)
def fresh_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the files again: botocore changes what it has of some, and the tests share it."""
    for kind, read in READ.items():
        monkeypatch.setattr(kind, "load_file", read)


def model(loader: Loader, service: str, type_name: str) -> object:
    try:
        return json.dumps(loader.load_service_model(service, type_name))
    except UnknownServiceError as err:
        return type(err)


@pytest.mark.parametrize(
    "service", ["kms", "s3", "ses", "sesv2", "sns", "sso-oidc", "sts", "no-such-service"]
)
def test_service_model_equals_botocores(service: str) -> None:
    theirs = Loader()
    ours = ServiceModelLoader(theirs.search_paths)
    assert [model(ours, service, type_name) for type_name in TYPES] == [
        model(theirs, service, type_name) for type_name in TYPES
    ]


@pytest.mark.parametrize("name", ["_retry", "endpoints", "partitions", "sdk-default-configuration"])
def test_general_data_equals_botocores(name: str) -> None:
    theirs = Loader()
    assert json.dumps(ServiceModelLoader(theirs.search_paths).load_data(name)) == json.dumps(
        theirs.load_data(name)
    )


@pytest.mark.parametrize(
    "content",
    [
        b'{"a": 1, "a": 2.5}',
        b'\xef\xbb\xbf{"a": "\xc3\xa9"}',  # a byte order mark
        '{"a": "é"}'.encode("utf-16"),
        b'{"a": "\\ud800"}',  # a lone surrogate
        b"[" * 500 + b"]" * 500,
        b'{"a": -Infinity}',
        b'{"a": 1' + b"0" * 400 + b"}",
    ],
)
@pytest.mark.parametrize("suffix", [".json", ".json.gz"])
def test_file_has_the_content_that_json_reads(content: bytes, suffix: str, tmp_path: Path) -> None:
    data = gzip.compress(content) if suffix == ".json.gz" else content
    tmp_path.joinpath(f"model{suffix}").write_bytes(data)
    assert service_models._Files().load_file(str(tmp_path / "model")) == json.loads(content)


def test_file_that_is_not_json_raises_the_error_of_json(tmp_path: Path) -> None:
    tmp_path.joinpath("model.json").write_text("{'a': 1}")
    with pytest.raises(json.JSONDecodeError):
        service_models._Files().load_file(str(tmp_path / "model"))


@pytest.mark.anyio
async def test_client_lists_the_folder_of_its_service_only(monkeypatch: pytest.MonkeyPatch) -> None:
    listed: list[str] = []
    monkeypatch.setattr(
        os,
        "listdir",
        lambda path, listdir=os.listdir: listed.append(os.fspath(path)) or listdir(path),
    )
    aws = Aws(AwsSettings("eu-west-1", profile=None, config=None, user_agent="", params={}))
    await aws.open("sesv2")
    await aws.aclose()
    assert {Path(path).name for path in listed if path.startswith(Loader.BUILTIN_DATA_PATH)} == {
        "sesv2"
    }


@pytest.mark.anyio
async def test_models_in_aws_data_path_are_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    service = Loader().load_service_model("sesv2", "service-2")
    service["operations"]["SendLater"] = {**service["operations"]["SendEmail"], "name": "SendLater"}
    folder = tmp_path / "sesv2" / "2999-01-01"
    folder.mkdir(parents=True)
    (folder / "service-2.json").write_text(json.dumps(service))
    (folder / "endpoint-rule-set-1.json").write_text(
        json.dumps(Loader().load_service_model("sesv2", TYPES[1]))
    )
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    aws = Aws(AwsSettings("eu-west-1", profile=None, config=None, user_agent="", params={}))
    client = await aws.open("sesv2")
    assert "SendLater" in client.methods
    await aws.aclose()
