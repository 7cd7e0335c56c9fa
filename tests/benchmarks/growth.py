"""Growth: the time of an operation at four times the length, by four times its time.

It is 1 for linear time. The texts are the most difficult ones: each figure is that of the worst.
"""

import time
from collections.abc import Callable, Sequence

from sesmail.receiving.inbound.limits import Budget
from sesmail.receiving.inbound.mailbox import read_mailboxes
from sesmail.receiving.inbound.parameters import read_parameters
from sesmail.sending.mime.transfer_encoding import encode_text
from support.growth_units import BEFORE_PARAMETERS, MAILBOX_UNITS, PARAMETER_UNITS, TEXT_UNITS

from .comparison import OURS, Comparison, Options, Round

TIMES = 1_000  # repetitions of a unit
REPEATS = 5
FACTOR = 4


def parse_mailboxes(text: str) -> None:
    read_mailboxes(text, {}, Budget(address_tokens=1 << 30))


def parse_parameters(text: str) -> None:
    read_parameters(text, {})


def encode(text: str) -> None:
    for _ in encode_text(text)[1]:
        pass


Operation = Callable[[str], None]


def duration(operation: Operation, text: str) -> float:
    """The shortest of several times."""
    times: list[float] = []
    for _ in range(REPEATS):
        started = time.process_time()
        operation(text)
        times.append(time.process_time() - started)
    return min(times)


def growth_of(operation: Operation, before: str, unit: str) -> float:
    short, long = (duration(operation, before + unit * times) for times in (TIMES, FACTOR * TIMES))
    return long / max(short, 1e-6) / FACTOR


# What is repeated, and what is before it, by measure.
TEXTS: dict[str, tuple[Operation, Sequence[str], Sequence[str]]] = {
    "growth of mailboxes": (parse_mailboxes, MAILBOX_UNITS, [""]),
    "growth of parameters": (parse_parameters, PARAMETER_UNITS, BEFORE_PARAMETERS),
    "growth of text": (encode, TEXT_UNITS, [""]),
}


def worst(operation: Operation, units: Sequence[str], befores: Sequence[str]) -> float:
    return max(growth_of(operation, before, unit) for before in befores for unit in units)


def worst_of_each(_: Options) -> Round:
    return lambda _: {measure: worst(*texts) for measure, texts in TEXTS.items()}


COMPARISONS = [
    Comparison(
        "difficult texts",
        {OURS: worst_of_each},
        {(OURS, measure): 1.5 for measure in TEXTS},
        tuple(TEXTS),
        seconds=0,
    ),
]
