"""Calendar invitation: an iCalendar event that mail programs show with Accept and Decline buttons.

The message contains the calendar object twice. As an alternative body, `Alternative.calendar`, it
is shown as an invitation (https://www.rfc-editor.org/rfc/rfc6047); as an attachment `invite.ics`,
`Attachment.calendar`, it can be opened in Outlook and in programs that ignore the alternative.

Run: python examples/calendar_invitation.py
"""

from datetime import UTC, datetime, timedelta

import anyio
from embedded_ses import ses_server

import sesmail


def invitation(uid: str, start: datetime, duration: timedelta, summary: str) -> str:
    """Returns an iCalendar object (https://www.rfc-editor.org/rfc/rfc5545).

    The UID identifies the calendar event. An update has the same UID and a higher SEQUENCE, a
    cancellation METHOD:CANCEL. Commas, semicolons, backslashes and line
    breaks in the summary have to be escaped; a package such as ``icalendar`` does that.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//example.com//Shop//EN",
        "METHOD:REQUEST",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        "SEQUENCE:0",
        f"DTSTAMP:{datetime.now(UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART:{start.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"DTEND:{(start + duration).astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"SUMMARY:{summary}",
        "ORGANIZER:mailto:shop@example.com",
        "ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:alice@example.com",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{line}\r\n" for line in lines)


async def main() -> None:
    start = datetime(2026, 5, 15, 9, tzinfo=UTC)
    calendar = invitation("delivery-12345@example.com", start, timedelta(hours=1), "Delivery")
    message = sesmail.Message(
        from_email="Shop <shop@example.com>",  # the ORGANIZER of the calendar object
        to="alice@example.com",
        subject="Invitation: Delivery on May 15",
        text="Your delivery arrives on May 15 between 9 and 10 o'clock.",
        html="<p>Your delivery arrives on <b>May 15</b> between 9 and 10 o'clock.</p>",
        alternatives=[sesmail.Alternative.calendar(calendar, "REQUEST")],
        attachments=[sesmail.Attachment.calendar(calendar)],
    )
    async with sesmail.Client() as client:
        print("accepted as", (await client.send(message)).message_id)


if __name__ == "__main__":
    with ses_server():
        anyio.run(main)
