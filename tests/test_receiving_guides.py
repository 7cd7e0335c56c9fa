"""The receiving guides name every error, status, event and default as the package has them."""

import inspect
import re
from pathlib import Path
from typing import get_args

import sesmail
from sesmail.receiving.inbound.limits import MAX_BYTES, MAX_DEPTH, MAX_PARTS, Budget
from sesmail.receiving.transports.json_body import MAX_EVENT

GUIDES = Path(__file__).parent.parent / "examples" / "guides"
RECEIVING = (GUIDES / "receiving.md").read_text(encoding="utf-8")
INBOUND = (GUIDES / "inbound.md").read_text(encoding="utf-8")
DEFAULTS = {
    name: parameter.default
    for name, parameter in inspect.signature(sesmail.Receiver).parameters.items()
}


def table(text: str, head: str) -> list[list[str]]:
    """Returns the cells of the table whose first line begins with `head`."""
    [rows] = re.findall(rf"^{re.escape(head)}.*\n\|[-:| ]+\n((?:\|.*\n)+)", text, re.MULTILINE)
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows.splitlines()]


def test_each_error_has_its_status() -> None:
    statuses = {cells[0].strip("`"): int(cells[1]) for cells in table(RECEIVING, "| Error |")}
    errors = {
        name: error
        for name in sesmail.__all__
        if isinstance(error := getattr(sesmail, name), type)
        if issubclass(error, sesmail.WebhookError)
    }
    del errors["WebhookError"]
    assert statuses == {name: error.status for name, error in errors.items()}


def test_each_event_is_listed() -> None:
    rows = [re.findall(r"`(\w+)`", cells[0]) for cells in table(RECEIVING, "| Event | Published")]
    assert {name for row in rows for name in row} == {
        event.__name__ for event in get_args(sesmail.Event)
    }


def test_each_setting_of_a_check_exists() -> None:
    rows = table(RECEIVING, "| Check |")
    settings = [name for cells in rows for name in re.findall(r"`(\w+)`", cells[1])]
    assert settings == ["secret", "topics", "signatures", "accept", "seen"]
    assert set(settings) <= DEFAULTS.keys()
    errors = {name for cells in rows for name in re.findall(r"`(\w+Error)`", cells[2])}
    assert errors <= set(sesmail.__all__)


def test_numbers_are_the_defaults() -> None:
    assert f"**`max_age`** is {DEFAULTS['max_age']:,.0f} seconds" in RECEIVING
    assert f"SNS message of at most {MAX_EVENT >> 20} MiB" in RECEIVING
    assert f"receiver ({DEFAULTS['timeout']:.0f} seconds)" in INBOUND.replace("\n", " ")
    limits = f"{MAX_BYTES >> 20} MiB, {MAX_PARTS:,} parts, {MAX_DEPTH} levels"
    assert f"{limits} and {Budget().header_bytes >> 20} MiB of headers" in INBOUND
