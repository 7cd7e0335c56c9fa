"""Said once for every message, and what comes back with every event: tags, metadata, message tags."""

import anyio
from embedded_ses import some_ses

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
            text="It is on its way.",
            reply_to="orders@example.com",  # stands in place of the default
            tags=["order"],  # joined: X-Tag: shop, X-Tag: order
            metadata={
                "order_id": 12345,
                "stage": "live",
            },  # merged key by key into one X-Metadata header
            message_tags={
                "campaign": "spring"
            },  # SES's own tags, which CloudWatch and event destinations know
        )
        print("accepted as", (await client.send(message)).message_id)

    # A tag as a CloudWatch dimension: the message's one tag goes out as the message tag "kind", too.
    async with sesmail.Client(message_tag_name="kind") as client:
        await client.send(
            sesmail.Message(
                from_email="shop@example.com",
                to="bob@example.com",
                text="Hello",
                tags=["newsletter"],
            )
        )
        try:
            await client.send(
                sesmail.Message(
                    from_email="shop@example.com",
                    to="bob@example.com",
                    text="Hello",
                    tags=["a", "b"],
                )
            )
        except sesmail.InvalidMessageError as error:
            print(error)


if __name__ == "__main__":
    with some_ses():
        anyio.run(main)
