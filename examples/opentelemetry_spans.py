"""OpenTelemetry: a Listener that records a span for each attempt, and counters.

No address, subject or body is recorded.

Run: pip install opentelemetry-sdk; python examples/opentelemetry_spans.py
"""

from collections.abc import Sequence

import anyio
from embedded_ses import ses_server
from opentelemetry import metrics, trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

import sesmail


class Spans(sesmail.Listener):
    """Records each attempt as a child span of the current one."""

    def __init__(self) -> None:
        self._tracer = trace.get_tracer("sesmail")
        meter = metrics.get_meter("sesmail")
        self._mails = meter.create_counter("sesmail.mails", description="Mails by outcome")
        self._throttled = meter.create_counter("sesmail.throttled", description="Throttled calls")
        self._waiting = meter.create_histogram(
            "sesmail.waiting", unit="s", description="Time that calls wait for the rate limit"
        )
        self._open: dict[sesmail.CallInfo, trace.Span] = {}

    def before_attempt(self, call: sesmail.CallInfo) -> None:
        self._open[call] = self._tracer.start_span(
            f"SES {call.operation}",
            kind=trace.SpanKind.CLIENT,
            attributes={
                "rpc.system": "aws-api",
                "rpc.service": call.service,
                "rpc.method": call.operation,
                "sesmail.attempt": call.number,
                "sesmail.recipients": call.recipients,
            },
        )

    def after_attempt(self, call: sesmail.CallInfo, attempts: Sequence[sesmail.Attempt]) -> None:
        span = self._open.pop(call)
        for attempt in attempts:  # one for each mail of the call
            span.add_event(attempt.outcome, {"code": attempt.code or ""})
            self._mails.add(1, {"outcome": attempt.outcome})
        if any(attempt.outcome != "accepted" for attempt in attempts):
            span.set_status(trace.StatusCode.ERROR)
        span.end()

    def throttled(self, call: sesmail.CallInfo, rate: float | None) -> None:
        self._throttled.add(1)

    def waiting(self, call: sesmail.CallInfo, seconds: float) -> None:
        self._waiting.record(seconds)


async def main() -> None:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))
    trace.set_tracer_provider(provider)
    message = sesmail.Message(from_email="shop@example.com", to="alice@example.com", text="Hello")
    async with sesmail.Client(listener=Spans()) as client:
        with trace.get_tracer("shop").start_as_current_span("checkout"):
            await client.send(message)


if __name__ == "__main__":
    with ses_server():
        anyio.run(main)
