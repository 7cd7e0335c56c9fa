"""Send log in DynamoDB: the contract, lost responses, cancellation, expiry."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest

pytest.importorskip("moto", reason="pip install moto")

from botocore.session import Session
from moto.dynamodb.models import DynamoDBBackend

import sesmail
from sesmail import (
    DuplicateSendError,
    DynamoSendLog,
    NotFoundError,
    RejectedError,
    SendRecord,
    UnknownOutcomeError,
)
from sesmail.send_log.records import now
from support import responses
from support.faults import Request, Response, StartFaultServer
from support.moto import REGION, MotoServer

pytestmark = pytest.mark.anyio
START = datetime(2026, 3, 6, 12, tzinfo=UTC)
CONFLICT = {"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"}


@pytest.fixture(autouse=True)
def atomic_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """One write at a time: moto checks a condition and then writes, in several threads.

    https://github.com/getmoto/moto/blob/5.2.5/moto/dynamodb/models/__init__.py#L249
    """
    lock = threading.Lock()

    def locked(write: Callable[..., Any]) -> Callable[..., Any]:
        def write_alone(*args: Any, **settings: Any) -> Any:
            with lock:
                return write(*args, **settings)

        return write_alone

    for name in ("put_item", "update_item"):
        monkeypatch.setattr(DynamoDBBackend, name, locked(getattr(DynamoDBBackend, name)))


@pytest.fixture
def table(moto_server: MotoServer) -> Any:
    """Creates the table, as the guide does, and returns a client of DynamoDB."""
    client: Any = Session().create_client("dynamodb", REGION, endpoint_url=moto_server.url)
    client.create_table(
        TableName="sends",
        KeySchema=[{"AttributeName": "send_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "send_id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return client


def new_log(url: str, **settings: Any) -> DynamoSendLog:
    return DynamoSendLog("sends", endpoint_url=url, **settings)


async def test_keeps_the_contract_of_send_logs(moto_server: MotoServer, table: Any) -> None:
    testing = pytest.importorskip("sesmail.testing", reason="pip install sesmail[testing]")
    async with new_log(moto_server.url, expire_after=timedelta(days=90)) as log:
        await testing.check_send_log(log)


async def test_records_are_returned(moto_server: MotoServer, table: Any) -> None:
    times = [START + timedelta(seconds=number, microseconds=number) for number in range(4)]
    clock = iter(times)
    async with new_log(moto_server.url, clock=lambda: next(clock)) as log:
        assert await log.get("a") is None
        assert await log.get("not an id") is None
        for number, send_id in enumerate("abc"):
            assert await log.begin(send_id) == times[number]
        await log.finish("b", "accepted", "m-1")
        assert await log.get("a") == SendRecord("a", times[0], "unknown")
        assert await log.get("b") == SendRecord("b", times[1], "accepted", "m-1")
        assert {each.send_id async for each in log.unknown()} == {"a", "c"}
        assert [each.send_id async for each in log.unknown(before=times[2])] == ["a"]
        assert not await log.settle("not an id", "accepted")
        assert not await log.settle("a", "unknown")
        with pytest.raises(DuplicateSendError) as duplicate:
            await log.begin("b")
    assert (duplicate.value.message_id, duplicate.value.began) == ("m-1", times[1])


async def test_unknown_records_are_read_page_by_page(
    moto_server: MotoServer, table: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sesmail.send_log import dynamodb_items

    monkeypatch.setattr(dynamodb_items, "_PAGE_SIZE", 2)
    async with new_log(moto_server.url) as log:
        for number in range(7):
            await log.begin(f"id-{number}")
            if number % 2:
                await log.finish(f"id-{number}", "rejected")
        assert {each.send_id async for each in log.unknown()} == {f"id-{n}" for n in range(0, 7, 2)}


async def test_known_outcomes_expire_and_unknown_ones_never(
    moto_server: MotoServer, table: Any
) -> None:
    async with new_log(moto_server.url, expire_after=timedelta(days=1)) as log:
        await log.begin("a")
        assert expiry(table, "a") is None
        await log.finish("a", "rejected")
        expires = expiry(table, "a")
        assert expires is not None
        assert 86_000 < expires - now().timestamp() < 86_401
        await log.begin("a")
        assert expiry(table, "a") is None
    async with new_log(moto_server.url) as log:
        await log.finish("a", "accepted")
        assert expiry(table, "a") is None


def expiry(table: Any, send_id: str) -> int | None:
    item = table.get_item(TableName="sends", Key={"send_id": {"S": send_id}})["Item"]
    return int(item["expires_at"]["N"]) if "expires_at" in item else None


async def test_client_and_events_share_the_log(moto_server: MotoServer, table: Any) -> None:
    moto_server.verify("example.com")
    message = sesmail.Message(
        from_email="shop@example.com", to="a@example.com", text="Hello", send_id="order-1"
    )
    async with (
        new_log(moto_server.url) as log,
        sesmail.Client(REGION, endpoint_url=moto_server.url, send_log=log) as client,
    ):
        sent = await client.send(message)
        assert (await client.send(message)).replayed
        record = await log.get("order-1")
    assert record is not None
    assert (record.outcome, record.message_id) == ("accepted", sent.message_id)
    assert len(moto_server.sent()) == 1


async def test_missing_table_is_not_found(moto_server: MotoServer) -> None:
    async with new_log(moto_server.url) as log:
        with pytest.raises(NotFoundError, match="ResourceNotFound"):
            await log.begin("a")
        with pytest.raises(NotFoundError, match="ResourceNotFound"):
            await log.settle("a", "accepted")


class Table:
    """DynamoDB with one item, whose responses a test replaces, some after the effect."""

    def __init__(self, **instead: list[Response]) -> None:
        self.item: dict[str, Any] | None = None
        self.instead = instead
        self.operations: list[str] = []

    def respond(self, request: Request) -> Response:
        operation = request.headers["x-amz-target"].partition(".")[2]
        self.operations.append(operation)
        found = getattr(self, operation)(request.json)
        planned = self.instead.get(operation)
        return planned.pop(0) if planned else found

    def PutItem(self, params: dict[str, Any]) -> Response:
        if self.item is not None and self.item["outcome"]["S"] in ("accepted", "unknown"):
            return responses.raw(400, responses.JSON, json.dumps(CONFLICT).encode())
        self.item = params["Item"]
        return responses.json_200({})

    def UpdateItem(self, params: dict[str, Any]) -> Response:
        values = params["ExpressionAttributeValues"]
        old = self.item or {}
        if "#token = :token AND" in params["ConditionExpression"]:
            allowed = (old.get("token"), old["outcome"]["S"]) == (values[":token"], "unknown")
            new = {"outcome": values[":not_sent"]}
        else:
            allowed = old["outcome"]["S"] != "accepted"
            new = {"outcome": values[":outcome"], "token": values[":token"]}
        if not allowed:
            document = json.dumps({**CONFLICT, "Item": old}).encode()
            return responses.raw(400, responses.JSON, document)
        self.item = {**old, **new}
        return responses.json_200({})

    def Scan(self, params: dict[str, Any]) -> Response:
        """Filters all items of the first page out, as DynamoDB does after it has read them."""
        if "ExclusiveStartKey" not in params:
            return responses.json_200({"Items": [], "LastEvaluatedKey": {"send_id": {"S": "x"}}})
        return responses.json_200({"Items": [self.item]})

    def GetItem(self, _: dict[str, Any]) -> Response:
        return responses.json_200({} if self.item is None else {"Item": self.item})


async def test_begin_whose_response_is_lost_has_begun(fault_server: StartFaultServer) -> None:
    table = Table(PutItem=[responses.reset_after_request()])
    async with new_log(fault_server(table.respond).url) as log:
        await log.begin("a")
    assert table.operations == ["PutItem", "PutItem", "GetItem"]


async def test_empty_page_is_not_the_end(fault_server: StartFaultServer) -> None:
    table = Table()
    async with new_log(fault_server(table.respond).url) as log:
        await log.begin("a")
        assert [record.send_id async for record in log.unknown()] == ["a"]
    assert table.operations == ["PutItem", "Scan", "Scan"]


async def test_change_whose_response_is_lost_is_one(fault_server: StartFaultServer) -> None:
    table = Table(UpdateItem=[responses.reset_after_request()])
    async with new_log(fault_server(table.respond).url) as log:
        await log.begin("a")
        assert await log.settle("a", "accepted")
        assert not await log.settle("a", "accepted")


ONCE = {"retries": {"total_max_attempts": 1}}


async def test_begin_without_a_response_is_undone(fault_server: StartFaultServer) -> None:
    table = Table(PutItem=[responses.reset_after_request()])
    async with new_log(fault_server(table.respond).url, config=ONCE) as log:
        with pytest.raises(UnknownOutcomeError):
            await log.begin("a")
        assert table.item is not None
        assert table.item["outcome"] == {"S": "not_sent"}
        await log.begin("a")


async def test_begin_that_cannot_be_undone_stays_unknown(fault_server: StartFaultServer) -> None:
    failing = [responses.reset_after_request()] * 3
    table = Table(PutItem=list(failing), UpdateItem=[responses.raw(400)] * 3)
    table.UpdateItem = lambda _: responses.raw(500)  # type: ignore[method-assign]
    async with new_log(fault_server(table.respond).url, config=ONCE) as log:
        with pytest.raises(UnknownOutcomeError):
            await log.begin("a")
        table.instead.clear()
        with pytest.raises(DuplicateSendError):
            await log.begin("a")


async def test_cancelled_begin_is_undone(fault_server: StartFaultServer) -> None:
    table = Table(PutItem=[responses.no_response()])
    server = fault_server(table.respond)
    async with new_log(server.url, config=ONCE) as log:
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as tasks:

                async def cancel() -> None:
                    await anyio.to_thread.run_sync(server.wait_for_requests, 1)
                    scope.cancel()

                tasks.start_soon(cancel)
                await log.begin("a")
    assert scope.cancelled_caught
    assert table.item is not None
    assert table.item["outcome"] == {"S": "not_sent"}


async def test_begin_that_meets_others_again_and_again_raises(
    fault_server: StartFaultServer,
) -> None:
    conflict = responses.raw(400, responses.JSON, json.dumps(CONFLICT).encode())
    table = Table(PutItem=[conflict] * 3, GetItem=[responses.json_200({})] * 3)
    async with new_log(fault_server(table.respond).url) as log:
        with pytest.raises(RejectedError, match="ConditionalCheckFailed"):
            await log.begin("a")
    assert table.operations == ["PutItem", "GetItem"] * 3
