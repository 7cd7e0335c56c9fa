"""A stored template: tried out, sent once, and sent to several people with data of their own."""

import json

import anyio
from embedded_ses import some_ses

import sesmail

TEMPLATE = {
    "TemplateName": "Shipped",
    "SubjectPart": "Order {{order}}",
    "TextPart": "{{name}}, it comes on {{day}}.",
}
SHOP = sesmail.Message(from_email="Shop <shop@example.com>")
ALICE = {"name": "Alice", "order": "A1"}
BOB = {"name": "Bob", "order": "B2"}


async def main() -> None:
    # API v1, because the embedded server knows templates there alone; the messages would be the same on v2. And a rate,
    # because it calls every account one for trying out, which may send to one recipient a second.
    async with sesmail.Client(api="v1", defaults=SHOP, rate_limit=100) as client:
        await client.call("CreateTemplate", {"Template": TEMPLATE})

        # SES accepts a mail before it renders it, and drops it if data is missing then: try the template out.
        try:
            await client.call(
                "TestRenderTemplate", {"TemplateName": "Shipped", "TemplateData": json.dumps(ALICE)}
            )
        except sesmail.BadRequestError as error:
            print("incomplete:", error.message)

        single = sesmail.TemplateMessage(
            to="alice@example.com", template="Shipped", data={**ALICE, "day": "May 15"}
        )
        print("accepted as", (await client.send(single)).message_id)

        bulk = sesmail.BulkMessage(
            template="Shipped",
            data={"day": "May 15"},  # for everyone; a recipient's own data is laid over it
            recipients=[
                sesmail.Recipient("alice@example.com", data=ALICE, message_tags={"plan": "gold"}),
                sesmail.Recipient("bob@example.com", data=BOB, message_tags={"plan": "free"}),
            ],
        )
        result = await client.send_bulk(bulk)
        for each in result.accepted:
            print(each.recipient, "accepted as", each.message_id)
        for each in result.failed:  # it may succeed for some and fail for others
            print(each.recipient, each.outcome, each.error)
        result.raise_for_failed()  # or all their errors at once, as a BulkSendError, which is an ExceptionGroup


if __name__ == "__main__":
    with some_ses():
        anyio.run(main)
