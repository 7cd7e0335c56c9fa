"""Stored templates: test rendering, a templated message, a bulk message with data per recipient.

Run: python examples/templates_and_bulk.py
"""

import json

import anyio
from embedded_ses import ses_server

import sesmail

TEMPLATE = {
    "TemplateName": "Shipped",
    "TemplateContent": {
        "Subject": "Order {{order}}",
        "Text": "{{name}}, your order arrives on {{day}}.",
    },
}
SHOP = sesmail.Message(from_email="Shop <shop@example.com>")
ALICE = {"name": "Alice", "order": "A1"}
BOB = {"name": "Bob", "order": "B2"}


async def main() -> None:
    async with sesmail.Client(defaults=SHOP) as client:
        await client.call("CreateEmailTemplate", TEMPLATE)

        # SES accepts a message before it renders it, and drops it if data is missing.
        data = {"TemplateName": "Shipped", "TemplateData": json.dumps(ALICE)}
        try:
            await client.call("TestRenderEmailTemplate", data)
        except sesmail.BadRequestError as error:
            print("data is missing:", error.message)

        single = sesmail.TemplateMessage(
            to="alice@example.com", template="Shipped", data={**ALICE, "day": "May 15"}
        )
        print("accepted as", (await client.send(single)).message_id)

        bulk = sesmail.BulkMessage(
            template="Shipped",
            data={"day": "May 15"},  # merged with the data of each recipient, by key
            recipients=[
                sesmail.Recipient("alice@example.com", data=ALICE, message_tags={"plan": "gold"}),
                sesmail.Recipient("bob@example.com", data=BOB, message_tags={"plan": "free"}),
            ],
        )
        result = await client.send_bulk(bulk)
        for each in result.accepted:
            print(each.recipient, "accepted as", each.message_id)
        for each in result.failed:  # some recipients may fail while others are accepted
            print(each.recipient, each.outcome, each.error)
        result.raise_for_failed()  # raises the errors as a BulkSendError, an ExceptionGroup


if __name__ == "__main__":
    with ses_server():
        anyio.run(main)
