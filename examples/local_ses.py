"""A local SES: a templated mail is sent and bounces, and the webhook receives it. Needs no AWS.

Requires: pip install 'sesmail[testing]'
"""

import asyncio

import sesmail
from sesmail.testing import FakeSES


async def main() -> None:
    async with FakeSES() as fake:
        fake.verify("example.com")
        fake.template("Shipped", "On its way, {{name}}", "Dear {{name}}, it is on its way.")
        async with (
            sesmail.Client(**fake.client_settings()) as client,
            sesmail.Receiver(**fake.trust()) as receiver,
        ):

            async def webhook(body: bytes, headers: dict[str, str]) -> int:
                try:
                    events = await receiver.receive(body, headers)
                except sesmail.WebhookError as error:
                    return error.status
                for event in events:
                    if isinstance(event, sesmail.Bounced):
                        print(f"bounced: {event.recipient}, permanent: {event.permanent}")
                return 200

            fake.subscribe(post=webhook)
            await client.send(
                sesmail.TemplateMessage(
                    from_email="shop@example.com",
                    to="alice@example.com",
                    template="Shipped",
                    data={"name": "Alice"},
                )
            )
            mail = await fake.outbox.wait(to="alice@example.com")
            print(f"sent: {mail.subject}: {mail.text}")
            await fake.bounce(mail).wait()


if __name__ == "__main__":
    asyncio.run(main())
