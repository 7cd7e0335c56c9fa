"""Ready-made MIME: what another library wrote, or a mail passed on."""

from email.message import EmailMessage

import anyio
from embedded_ses import some_ses

import sesmail


async def main() -> None:
    written = EmailMessage()
    written["From"] = "Shop <shop@example.com>"
    written["To"] = "Alice <alice@example.com>"
    written["Bcc"] = "archive@example.com"
    written["Subject"] = "Written by the standard library"
    written.set_content("Größe 42 is back.\n")

    # The headers' recipients don't count: say who gets it. The Bcc header is removed.
    message = sesmail.RawMessage(content=written, to="alice@example.com", bcc="archive@example.com")
    async with sesmail.Client() as client:
        result = await client.send(message)
        await client.send(
            sesmail.RawMessage(
                content=b"From: shop@example.com\n\nBytes will do, too.\n", to="bob@example.com"
            )
        )
    print(message.content.decode("ascii"))
    print("accepted for", ", ".join(each.recipient for each in result.recipients))


if __name__ == "__main__":
    with some_ses():
        anyio.run(main)
