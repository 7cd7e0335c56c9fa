"""Reports that arrive as mails: delivery status, disposition, complaints."""

from base64 import b64encode

import pytest

from sesmail.receiving.inbound.limits import MAX_REPORTED
from sesmail.receiving.inbound.mail import InboundMail, read_mail
from sesmail.receiving.inbound.report import (
    BAD_REPORT,
    TOO_MANY_RECIPIENTS,
    MailReport,
    ReportedRecipient,
)
from support.hostile_mails import attached, multipart

STATUS = b"""\
Reporting-MTA: dns; mx.example
Arrival-Date: Mon, 2 Mar 2026 10:00:00 +0000

Original-Recipient: rfc822;info@example.com
Final-Recipient: rfc822; <nobody@example.com>
Action: Failed
Status: 5.1.1 (no such user)
Remote-MTA: dns; mail.example.com
Diagnostic-Code: smtp; 550 5.1.1 <nobody@example.com>:
 unknown

Final-Recipient: rfc822; slow@example.com
Action: delayed
Status: 4.4.1
"""
ORIGINAL = b"From: a@example.org\nMessage-ID: <1@eu-west-1.amazonses.com>\nSubject: hello\n\nhello"
ID = "<1@eu-west-1.amazonses.com>"
FAILED = ReportedRecipient(
    "nobody@example.com",
    "info@example.com",
    "failed",
    "5.1.1",
    "smtp; 550 5.1.1 <nobody@example.com>: unknown",
    "dns; mail.example.com",
)
DELAYED = ReportedRecipient("slow@example.com", action="delayed", status="4.4.1")


def report(
    media_type: str, content: bytes, original: bytes = b"message/rfc822\n\n" + ORIGINAL
) -> InboundMail:
    raw = multipart(
        b"Content-Type: text/plain\n\nIn words.",
        f"Content-Type: {media_type}\n\n".encode() + content,
        *([b"Content-Type: " + original] if original else []),
        kind=b"report",
    )
    return read_mail(raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")).load()


def report_of(media_type: str, content: bytes, **options: bytes) -> MailReport:
    mail = report(media_type, content, **options)
    assert mail.report is not None
    assert mail.defects == ()
    assert mail.report is mail.report
    return mail.report


@pytest.mark.parametrize(
    "original",
    [
        b"message/rfc822\n\n" + ORIGINAL,
        b"message/global\n\n" + ORIGINAL,
        b"text/rfc822-headers\n\n" + ORIGINAL.partition(b"\n\n")[0],
        b"message/rfc822-headers\n\n" + ORIGINAL,
        b"message/global-headers\nContent-Transfer-Encoding: base64\n\n" + b64encode(ORIGINAL),
    ],
)
@pytest.mark.parametrize("kind", ["delivery-status", "global-delivery-status"])
def test_delivery_status_notification(original: bytes, kind: str) -> None:
    assert report_of(f"message/{kind}", STATUS, original=original) == MailReport(
        "delivery",
        (FAILED, DELAYED),
        ID,
        reporting_mta="dns; mx.example",
        fields=(
            ("Reporting-MTA", "dns; mx.example"),
            ("Arrival-Date", "Mon, 2 Mar 2026 10:00:00 +0000"),
        ),
    )


@pytest.mark.parametrize(
    "status",
    [
        b"\n\n" + STATUS,
        STATUS.replace(b"\n\n", b"\n \t\n\n\n"),
        STATUS.replace(b"\n unknown", b"\nunknown").replace(b"\n\nFinal", b"\nX-Y: z\n\nFinal"),
        STATUS.replace(b"Action: Failed", b"ACTION : failed (bad)"),
        STATUS + b"\n\n",
    ],
)
def test_malformed_delivery_status(status: bytes) -> None:
    found = report("message/delivery-status", status).report
    assert found is not None
    assert found.recipients == (FAILED, DELAYED)


def test_delivery_status_without_fields_of_the_mail_and_without_original() -> None:
    status = b"Original-Message-ID: <2@x>\n" + STATUS.partition(b"\n\n")[2]
    found = report_of("message/delivery-status", status, original=b"")
    assert found.recipients == (FAILED, DELAYED)
    assert found.original_message_id == "<2@x>"


def test_encoded_delivery_status() -> None:
    raw = b"Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n"
    mail = read_mail(raw + b64encode(STATUS))
    assert mail.report is not None
    assert mail.report.recipients == (FAILED, DELAYED)
    assert mail.report.original_message_id is None


@pytest.mark.parametrize(
    ("field", "email"),
    [
        (b"rfc822;a@b.example", "a@b.example"),
        (b"RFC822 ; <a@b.example> ", "a@b.example"),
        (b"a@b.example", "a@b.example"),
        (b"utf-8; \xc3\xa4@b.example", "ä@b.example"),
        (b"utf-8; \\x{E4}@b.example", "ä@b.example"),
        (b"utf-8; \\x{0}\\x{110000}@b.example", "\\x{0}\\x{110000}@b.example"),
        (b"", ""),
    ],
)
def test_address_of_a_recipient(field: bytes, email: str) -> None:
    status = b"Final-Recipient: %s\nStatus: 5.1\nAction: 1" % field
    assert report_of("message/delivery-status", status).recipients == (ReportedRecipient(email),)


@pytest.mark.parametrize(
    ("disposition", "action"),
    [
        (b"manual-action/MDN-sent-manually; displayed", "displayed"),
        (b"automatic-action/MDN-sent-automatically; Deleted/error", "deleted"),
        (b"manual-action", None),
    ],
)
def test_disposition_notification(disposition: bytes, action: str | None) -> None:
    fields = b"""\
Reporting-UA: pc.example; Mail 1.0
Original-Recipient: rfc822;info@example.com
Final-Recipient: rfc822;jane@example.com
Original-Message-ID: <3@x.example>
Disposition: %s
Error: no such key
"""
    found = report_of("message/disposition-notification", fields % disposition)
    assert found.kind == "disposition"
    assert found.original_message_id == "<3@x.example>"
    assert found.reporting_mta == "pc.example; Mail 1.0"
    assert found.recipients == (
        ReportedRecipient("jane@example.com", "info@example.com", action, diagnostic="no such key"),
    )
    found = report_of("message/global-disposition-notification", b"Disposition: x; displayed")
    assert (found.recipients, found.original_message_id) == ((), ID)


def test_complaint() -> None:
    fields = b"""\
Feedback-Type: Not-Spam
User-Agent: SomeGenerator/1.0
Version: 1
Original-Rcpt-To: <a@example.com>
Original-Rcpt-To: b@example.com
"""
    found = report_of("message/feedback-report", fields)
    assert (found.kind, found.feedback_type) == ("complaint", "not-spam")
    assert found.recipients == (
        ReportedRecipient("a@example.com"),
        ReportedRecipient("b@example.com"),
    )
    assert (found.original_message_id, found.reporting_mta) == (ID, "SomeGenerator/1.0")
    assert ("Version", "1") in found.fields


def test_mail_that_is_no_report_has_none() -> None:
    assert read_mail(b"Subject: x\r\n\r\nx").report is None
    inner = b"Content-Type: message/delivery-status\r\n\r\n" + STATUS
    mail = read_mail(multipart(b"\r\nx", attached(1, inner))).load()
    assert mail.report is None
    assert mail.mails[0].report is not None


def test_original_without_message_id() -> None:
    found = report_of("message/delivery-status", STATUS, original=b"message/rfc822\n\nTo: a\n\nx")
    assert found.original_message_id is None


def test_report_without_fields_is_a_defect() -> None:
    mail = report("message/delivery-status", b"\n \n")
    assert mail.report == MailReport("delivery", original_message_id=ID)
    assert mail.defects == (BAD_REPORT,)


def test_limits_number_of_recipients() -> None:
    mail = report("message/delivery-status", b"Final-Recipient: rfc822; a@b\n\n" * 2_000)
    assert mail.report is not None
    assert len(mail.report.recipients) == MAX_REPORTED + 1
    assert mail.defects == (TOO_MANY_RECIPIENTS,)


def test_reports_compare_and_show_their_fields() -> None:
    assert repr(DELAYED).startswith("ReportedRecipient(email='slow@example.com'")
    assert hash(report_of("message/delivery-status", STATUS)) == hash(
        report_of("message/delivery-status", STATUS)
    )
