"""Attachments: a file read in a worker thread, an inline image, text, and an attached mail.

Run: python examples/attachments.py
"""

import anyio
from anyio.to_thread import run_sync
from embedded_ses import ses_server

import sesmail

COMPLAINT = b"From: alice@example.com\r\nSubject: Too small\r\n\r\nThe shoes are too small.\r\n"
PIXEL = bytes.fromhex(
    "47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b"
)


async def main() -> None:
    message = sesmail.Message(
        from_email="Shop <shop@example.com>",
        to="alice@example.com",
        subject="Your complaint",
        text="We are sorry.",
        html='<img src="cid:logo"> We are <b>sorry</b>.',
        attachments=[
            # A content id makes the image inline; the html refers to it by cid:.
            sesmail.Attachment("logo.gif", PIXEL, content_id="logo"),
            # Text is encoded as UTF-8.
            sesmail.Attachment("prices.csv", "article,price\nshoes,42.00\n"),
            # from_path blocks while it reads the file, so it runs in a worker thread.
            await run_sync(sesmail.Attachment.from_path, __file__),
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
    with ses_server():
        anyio.run(main)
