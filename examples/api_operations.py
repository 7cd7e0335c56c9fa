"""Any other operation of the SES API by Client.call, with Amazon's parameters and responses.

Run: python examples/api_operations.py
"""

import anyio
from embedded_ses import ses_server

import sesmail


async def main() -> None:
    async with sesmail.Client() as v2, sesmail.Client(api="v1") as v1:
        quota = await v1.call("GetSendQuota")  # part of GetAccount on v2
        sent, limit = quota["SentLast24Hours"], quota["Max24HourSend"]
        print(f"{sent:.0f} of {limit:.0f} recipients in 24 hours,", end=" ")
        print(f"{quota['MaxSendRate']:.0f} a second")

        await v2.call("CreateEmailIdentity", {"EmailIdentity": "shop.example"})
        response = await v2.call("ListEmailIdentities")
        names = [identity["IdentityName"] for identity in response["EmailIdentities"]]
        print("identities:", ", ".join(names))

        try:
            await v2.call("GetContactList", {"ContactListName": "Customers"})
        except sesmail.NotFoundError as error:
            print("rejected by SES:", error.code, error.message)
        try:
            await v2.call("ListEmailIdentities", {"Page": 1})
        except sesmail.InvalidMessageError as error:
            print("invalid parameters, not sent:", error)


if __name__ == "__main__":
    with ses_server():
        anyio.run(main)
