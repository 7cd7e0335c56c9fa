"""The rest of SES through `Client.call`: operations, parameters and answers as Amazon has them, errors of one tree."""

import anyio
from embedded_ses import some_ses

import sesmail


async def main() -> None:
    async with sesmail.Client() as v2, sesmail.Client(api="v1") as v1:
        quota = await v1.call("GetSendQuota")  # on v2 it is a part of GetAccount
        print(
            f"{quota['SentLast24Hours']:.0f} of {quota['Max24HourSend']:.0f} recipients in 24 hours,",
            end=" ",
        )
        print(f"{quota['MaxSendRate']:.0f} a second")

        await v2.call("CreateEmailIdentity", {"EmailIdentity": "shop.example"})
        answer = await v2.call("ListEmailIdentities")
        print(
            "identities:",
            ", ".join(identity["IdentityName"] for identity in answer["EmailIdentities"]),
        )

        try:
            await v2.call("GetContactList", {"ContactListName": "Customers"})
        except sesmail.NotFoundError as error:
            print("refused by SES:", error.code, error.message)
        try:
            await v2.call("ListEmailIdentities", {"Page": 1})
        except sesmail.InvalidMessageError as error:
            print("refused before the network:", error)


if __name__ == "__main__":
    with some_ses():
        anyio.run(main)
