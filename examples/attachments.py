"""Files, inline images, attached mails and other forms of the body."""

import anyio
from anyio.to_thread import run_sync
from embedded_ses import some_ses

import sesmail

CALENDAR = """BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example.com//EN\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r
UID:1@example.com\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260515T090000Z\r\nSUMMARY:Delivery\r\nEND:VEVENT\r
END:VCALENDAR\r\n"""
COMPLAINT = b"From: alice@example.com\r\nSubject: Too small\r\n\r\nThe shoes are too small.\r\n"
PIXEL = bytes.fromhex(
    "47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b"
)


async def main() -> None:
    message = sesmail.Message(
        from_email="Shop <shop@example.com>",
        to="alice@example.com",
        subject="We come on May 15",
        text="We come on May 15.",
        html='<img src="cid:logo"> We come on <b>May 15</b>.',
        alternatives=[sesmail.Alternative(CALENDAR, "text/calendar; method=REQUEST")],
        attachments=[
            sesmail.Attachment(
                "logo.gif", PIXEL, content_id="logo"
            ),  # inline: the html names its content id
            sesmail.Attachment(
                "prices.csv", "article,price\nshoes,42.00\n"
            ),  # text is encoded as UTF-8
            await run_sync(
                sesmail.Attachment.from_path, __file__
            ),  # in a thread: reading a file may take its time
            sesmail.Attachment(
                "your mail.eml", COMPLAINT, "message/rfc822", description="Your mail of Monday"
            ),
        ],
    )
    async with sesmail.Client() as client:
        result = await client.send(message)
    for item in message.attachments:
        print(f"{item.filename:<16}{item.media_type:<16}{item.disposition}")
    print("accepted as", result.message_id)


if __name__ == "__main__":
    with some_ses():
        anyio.run(main)
