"""BlockingClient: sends from threads, after forks, and at exit, over one background loop."""

import gc
import os
import subprocess
import sys
import textwrap
import threading
import weakref
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest
from anyio.from_thread import start_blocking_portal

from sesmail import (
    BlockingClient,
    ConfigurationError,
    InvalidMessageError,
    Message,
    MessageRejectedError,
    NotSentError,
    RetryPolicy,
    SendProgress,
    UnknownOutcomeError,
)
from sesmail.background import run_in_background
from support.clients import NEWS, ORDER
from support.faults import FaultServer, Request, StartFaultServer
from support.responses import Response, error, json_200, ok, slow


async def later() -> AsyncIterator[Message]:
    yield ORDER


def blocking(server: FaultServer, **settings: Any) -> BlockingClient:
    options: dict[str, Any] = {"rate_limit": None, "retry": RetryPolicy(attempts=1), **settings}
    return BlockingClient(endpoint_url=server.url, **options)


def orders(count: int) -> Iterator[Message]:
    return (ORDER.model_copy(update={"subject": f"Order {number}"}) for number in range(count))


def test_methods_return_what_the_client_returns(fault_server: StartFaultServer) -> None:
    server = fault_server(ok("a-1"), ok("b-1", "b-2"), json_200({"SendQuota": {}}))
    with blocking(server) as client:
        assert client.send(ORDER).message_id == "a-1"
        result = client.send_bulk(NEWS, concurrency=1)
        assert [each.message_id for each in result.recipients] == ["b-1", "b-2"]
        assert client.call("GetAccount")["SendQuota"] == {}


def test_errors_are_those_of_the_client(fault_server: StartFaultServer) -> None:
    server = fault_server(error(400, "MessageRejected"))
    with blocking(server) as client:
        with pytest.raises(MessageRejectedError):
            client.send(ORDER)
        with pytest.raises(InvalidMessageError):
            client.send(Message(from_email="a@example.com", subject="s", text="t"))


def test_invalid_settings_are_refused_by_the_constructor() -> None:
    with pytest.raises(ConfigurationError, match="api"):
        BlockingClient(api="v3")  # type: ignore[arg-type]


def test_closed_client_refuses_to_send(fault_server: StartFaultServer) -> None:
    client = blocking(fault_server())
    client.close()
    client.close()
    with pytest.raises(ConfigurationError, match="closed"):
        client.send(ORDER)


def test_threads_share_a_client(fault_server: StartFaultServer) -> None:
    server = fault_server(*[ok()] * 40)
    with blocking(server) as client, ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: client.send(ORDER), range(40)))
    assert len({result.message_id for result in results}) == 40


def test_dropped_client_is_closed_at_the_next_call(fault_server: StartFaultServer) -> None:
    server = fault_server(ok(), ok())
    dropped = blocking(server)
    dropped.send(ORDER)
    assert dropped._bound is not None
    client = weakref.ref(dropped._bound.client)
    del dropped
    gc.collect()
    assert client() is not None
    with blocking(server) as other:
        other.send(ORDER)
        while client() is not None:
            threading.Event().wait(0.01)
            gc.collect()


@pytest.mark.anyio
async def test_call_in_an_event_loop_is_refused(fault_server: StartFaultServer) -> None:
    client = blocking(fault_server())
    with pytest.raises(ConfigurationError, match="Client in async code"):
        client.send(ORDER)
    with pytest.raises(ConfigurationError, match="Client in async code"), client.send_many([ORDER]):
        pass
    await anyio.to_thread.run_sync(client.close)


class TestSendMany:
    def test_each_message_has_a_result(self, fault_server: StartFaultServer) -> None:
        server = fault_server(*[ok()] * 30)
        counts: list[int] = []
        with (
            blocking(server) as client,
            client.send_many(
                orders(30), concurrency=4, on_progress=lambda now: counts.append(now.done)
            ) as results,
        ):
            indices = [result.index for result in results]
            assert results.progress.accepted == 30
        assert sorted(indices) == list(range(30))
        assert len(counts) == 30
        assert results.progress.accepted == 30
        assert results.unconsumed == ()

    def test_on_progress_is_called_at_an_interval_and_at_the_end(
        self, fault_server: StartFaultServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        counts: list[int] = []

        def count(progress: SendProgress) -> None:
            counts.append(progress.done)
            raise ZeroDivisionError

        server = fault_server(*[ok()] * 9, slow(0.3, ok()))
        with blocking(server) as client:
            with client.send_many(orders(5), on_progress=count, progress_interval=1000) as results:
                assert [result.outcome for result in results] == ["accepted"] * 5
            assert counts == [5]
            with client.send_many(orders(5), on_progress=count, progress_interval=0.01) as results:
                assert [result.outcome for result in results] == ["accepted"] * 5
        assert len(counts) > 2
        assert counts[-1] == 5
        assert "ZeroDivisionError" in caplog.text

    def test_refuses_what_is_not_an_iterable_of_messages(self) -> None:
        client = BlockingClient("eu-west-1")
        for messages in (ORDER, 5, later):
            with pytest.raises(ConfigurationError, match="messages must be an iterable"):
                client.send_many(messages)  # type: ignore[arg-type]

    def test_results_come_in_order_on_request(self, fault_server: StartFaultServer) -> None:
        server = fault_server(*[ok()] * 20)
        with (
            blocking(server) as client,
            client.send_many(orders(20), ordered=True, concurrency=5) as results,
        ):
            assert [result.index for result in results] == list(range(20))

    def test_messages_are_read_in_the_calling_thread_with_bounded_lookahead(
        self, fault_server: StartFaultServer
    ) -> None:
        server = fault_server(*[ok()] * 50)
        threads: set[int] = set()
        taken = 0

        def messages() -> Iterator[Message]:
            nonlocal taken
            for message in orders(50):
                threads.add(threading.get_ident())
                taken += 1
                yield message

        with (
            blocking(server) as client,
            client.send_many(messages(), concurrency=3) as results,
        ):
            for number, _ in enumerate(results, 1):
                assert taken <= number + 6
        assert threads == {threading.get_ident()}

    def test_leaving_early_reports_every_message_that_was_taken(
        self, fault_server: StartFaultServer
    ) -> None:
        server = fault_server(*[ok()] * 40)
        with (
            blocking(server) as client,
            client.send_many(orders(40), concurrency=4) as results,
        ):
            first = next(results)
        rest = [first, *results.unconsumed]
        progress = results.progress
        assert progress.in_flight == 0
        assert len(rest) == progress.done
        assert len({result.index for result in rest}) == len(rest)

    def test_stop_takes_no_more_messages(self, fault_server: StartFaultServer) -> None:
        server = fault_server(*[ok()] * 40)
        with (
            blocking(server) as client,
            client.send_many(orders(40), concurrency=2) as results,
        ):
            next(results)
            results.stop()
            assert len(list(results)) == results.progress.done - 1 < 39

    def test_exception_of_the_iterable_comes_after_all_results(
        self, fault_server: StartFaultServer
    ) -> None:
        server = fault_server(*[ok()] * 5)

        def messages() -> Iterator[Message]:
            yield from orders(5)
            raise LookupError("no more rows")

        with blocking(server) as client, client.send_many(messages()) as results:
            found = [next(results) for _ in range(5)]
            with pytest.raises(LookupError, match="no more rows"):
                next(results)
            assert list(results) == []
        assert all(result.outcome == "accepted" for result in found)

    def test_is_used_once_and_as_a_context_manager(self, fault_server: StartFaultServer) -> None:
        with blocking(fault_server(ok())) as client:
            results = client.send_many([ORDER])
            with pytest.raises(ConfigurationError, match="with client"):
                next(results)
            with results:
                assert len(list(results)) == 1
            with pytest.raises(ConfigurationError, match="send_many again"), results:
                pass


PROGRAM = """
    import os, sys
    import sesmail

    client = sesmail.BlockingClient(
        "eu-west-1", endpoint_url=sys.argv[1], rate_limit=None,
        aws_access_key_id="testing", aws_secret_access_key="testing",
    )
    message = sesmail.Message(
        from_email="a@example.com", to="b@example.com", subject="s", text="t"
    )
"""


def run_program(server: FaultServer, body: str) -> str:
    program = textwrap.dedent(PROGRAM) + textwrap.dedent(body)
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, server.url],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    return ended.stdout


def test_process_exits_without_close(fault_server: StartFaultServer) -> None:
    server = fault_server(ok("id-1"))
    assert run_program(server, "print(client.send(message).message_id)") == "id-1\n"


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("used", [True, False])
def test_forked_processes_send_over_their_own_connections(
    used: bool, fault_server: StartFaultServer
) -> None:
    server = fault_server(*[ok()] * 4)
    first = "client.send(message)" if used else ""
    run_program(
        server,
        f"""
        import warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        {first}
        children = []
        for _ in range(2):
            pid = os.fork()
            if not pid:
                client.send(message)
                os._exit(0)
            children.append(pid)
        assert all(os.waitpid(pid, 0)[1] == 0 for pid in children)
        client.send(message)
        """,
    )
    assert len(server.requests) == 3 + used


def test_interrupted_wait_cancels_the_send(fault_server: StartFaultServer) -> None:
    def respond(request: Request) -> Response:
        sent = any(each.method == "POST" for each in server.requests)
        return slow(30, ok()) if request.method == "POST" else json_200({"SendingEnabled": sent})

    server = fault_server(respond)
    printed = run_program(
        server,
        """
        import logging, signal, threading
        logging.disable()  # of the warning that the outcome is unknown
        signal.signal(signal.SIGINT, signal.default_int_handler)  # shells ignore it in background

        class Watch(sesmail.Listener):
            def after_attempt(self, call, attempts):
                if call.operation == "SendEmail":
                    print(attempts[0].outcome)
                    ended.set()

        def interrupt():
            while not client.call("GetAccount")["SendingEnabled"]:
                pass
            os.kill(os.getpid(), signal.SIGINT)

        ended = threading.Event()
        watched = sesmail.BlockingClient("eu-west-1", endpoint_url=sys.argv[1], listener=Watch())
        watched.open()
        threading.Thread(target=interrupt).start()
        try:
            watched.send(message)
        except KeyboardInterrupt:
            ended.wait(10)
            print("interrupted")
        """,
    )
    assert printed.split() == ["unknown", "interrupted"]


def test_call_in_flight_at_exit_has_a_typed_outcome(fault_server: StartFaultServer) -> None:
    def respond(request: Request) -> Response:
        sent = any(each.method == "POST" for each in server.requests)
        return slow(30, ok()) if request.method == "POST" else json_200({"SendingEnabled": sent})

    server = fault_server(respond)
    printed = run_program(
        server,
        """
        import atexit, threading

        def send(label):
            try:
                client.send(message)
            except sesmail.SesmailError as error:
                print(label, type(error).__name__, flush=True)

        def send_after():
            thread.join()  # a daemon thread ends with the program
            send("after")

        thread = threading.Thread(target=send, args=["during"], daemon=True)
        atexit.register(send_after)  # runs after the client's own function
        client.open()
        thread.start()
        while not client.call("GetAccount")["SendingEnabled"]:
            pass
        """,
    )
    assert printed == "during UnknownOutcomeError\nafter ConfigurationError\n"


def test_loop_that_a_listener_ended_is_replaced(fault_server: StartFaultServer) -> None:
    server = fault_server(*[ok("id-1")] * 3)
    printed = run_program(
        server,
        """
        import logging, threading, warnings
        logging.disable()
        warnings.simplefilter("ignore")  # of connections of the loop that ended

        class Stop(sesmail.Listener):
            def after_attempt(self, call, attempts):
                raise SystemExit

        client.send(message)
        results = client.send_many([message])
        stopping = sesmail.BlockingClient("eu-west-1", endpoint_url=sys.argv[1], listener=Stop())
        try:
            stopping.send(message)
        except SystemExit:
            print("stopped")
        for thread in threading.enumerate():
            if thread.name == "sesmail":
                thread.join(10)
        try:
            with results:
                pass
        except sesmail.ConfigurationError as error:
            print("event loop has ended" in str(error))
        print(client.send(message).message_id)
        """,
    )
    assert printed.split() == ["stopped", "True", "id-1"]


def test_interrupted_iterable_reports_what_it_had_yielded(fault_server: StartFaultServer) -> None:
    def messages() -> Iterator[Message]:
        yield from orders(3)
        raise KeyboardInterrupt

    server = fault_server()
    with blocking(server) as client:
        results = client.send_many(messages())
        with pytest.raises(KeyboardInterrupt), results:
            next(results)
        assert (results.progress.not_sent, results.progress.done) == (3, 3)
        assert [(each.index, each.outcome) for each in results.unconsumed] == [
            (number, "not_sent") for number in range(3)
        ]
        assert "KeyboardInterrupt" in str(results.unconsumed[0].error)
    assert server.requests == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_block_of_send_many_is_refused_after_a_fork(fault_server: StartFaultServer) -> None:
    server = fault_server(*[ok()] * 5)
    run_program(
        server,
        """
        import warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = 0
        try:
            with client.send_many([message] * 5, concurrency=1) as results:
                next(results)
                pid = os.fork()
                if not pid:
                    while True:
                        next(results)
                assert len(list(results)) == 4
        except sesmail.ConfigurationError:
            os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
        """,
    )
    assert len(server.requests) == 5


def test_calls_of_a_loop_that_ends_have_a_typed_outcome() -> None:
    def wait() -> None:
        with pytest.raises(UnknownOutcomeError, match="event loop ended during the call"):
            run_in_background(portal, sleep)

    async def sleep() -> None:
        begun.set()
        await anyio.sleep_forever()

    begun = threading.Event()
    with start_blocking_portal() as portal, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait)
        begun.wait(10)
        portal.call(portal.stop, True)
        waiting.result(10)
    with pytest.raises(NotSentError, match="event loop has ended"):
        run_in_background(portal, sleep)
