"""Client defaults, tags, metadata and SES message tags.

Run: python examples/defaults_and_tags.py
"""

import anyio
from embedded_ses import ses_server

import sesmail

DEFAULTS = sesmail.Message(
    from_email="Shop <shop@example.com>",
    reply_to="help@example.com",
    tags=["shop"],
    metadata={"service": "checkout", "stage": "test"},
    headers={"Auto-Submitted": "auto-generated"},
)


async def main() -> None:
    async with sesmail.Client(defaults=DEFAULTS) as client:
        message = sesmail.Message(
            to="alice@example.com",
            subject="Your order",
            text="It has been shipped.",
            reply_to="orders@example.com",  # replaces the default
            tags=["order"],  # joined with the default: X-Tag: shop, X-Tag: order
            # Merged with the default by key, into one X-Metadata header.
            metadata={"order_id": 12345, "stage": "live"},
            # SES message tags, for CloudWatch and event destinations; they aren't headers.
            message_tags={"campaign": "spring"},
        )
        print("accepted as", (await client.send(message)).message_id)

    # A tag as a CloudWatch dimension: the tag is also sent as the SES message tag "kind".
    async with sesmail.Client(message_tag_name="kind") as client:
        message = sesmail.Message(
            from_email="shop@example.com", to="bob@example.com", text="Hello", tags=["newsletter"]
        )
        await client.send(message)
        try:
            await client.send(message.replace(tags=["a", "b"]))
        except sesmail.InvalidMessageError as error:
            print(error)


if __name__ == "__main__":
    with ses_server():
        anyio.run(main)
