"""Start: what a fresh process takes until it can be of use, the interpreter's own start taken off."""

import json
import subprocess
import sys
import time
from functools import partial

from .contest import Comparison, Contestant, Figures, Setting, within
from .django_peers import CREDENTIALS
from .messages import ASCII
from .ses import served
from .worker import environment

OUR_IMPORT = "import sesmail"
PYDANTIC = "from pydantic import BaseModel"
PYDANTIC_MODEL = (
    f"{PYDANTIC}\nclass Model(BaseModel): pass"  # which loads what BaseModel alone doesn't
)
AIOBOTOCORE = "import aiobotocore.session"
FIRST = {
    "sesmail": """
import asyncio
import sesmail

async def main():
    async with sesmail.Client("eu-west-1", endpoint_url={url!r}, **{credentials}) as client:
        message = sesmail.Message(from_email="a@example.com", to="b@example.com", subject="Your order", text={text})
        await client.send(message)

asyncio.run(main())
""",
    "raw aiobotocore": """
import asyncio
from email.message import EmailMessage
from email.policy import SMTP
from aiobotocore.session import get_session

async def main():
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.com", "b@example.com", "Your order"
    message.set_content({text})
    session = get_session()
    async with session.create_client("sesv2", "eu-west-1", endpoint_url={url!r}, **{credentials}) as client:
        content = {{"Raw": {{"Data": message.as_bytes(policy=SMTP)}}}}
        await client.send_email(Content=content, Destination={{"ToAddresses": ["b@example.com"]}})

asyncio.run(main())
""",
}


def taken(code: str) -> Figures:
    """What a process takes for this code and for starting."""
    import resource  # which Windows lacks

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, env=environment())
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "wall": wall,
        "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    }


def fresh(code: str, _: Setting) -> Contestant:
    taken(code)  # so that it's compiled, and in the system's cache

    def run(_: int) -> Figures:
        bare, whole = taken(""), taken(code)
        return {measure: whole[measure] - bare[measure] for measure in whole}

    return run


def sending(name: str, setting: Setting) -> Contestant:
    code = FIRST[name].format(
        url=served(setting), credentials=CREDENTIALS, text=json.dumps(ASCII.text)
    )
    return fresh(code, setting)


COMPARISONS = [
    Comparison(
        "import",
        {
            "sesmail": partial(fresh, OUR_IMPORT),
            "pydantic": partial(fresh, PYDANTIC),
            "pydantic with a model": partial(fresh, PYDANTIC_MODEL),
            "aiobotocore.session": partial(fresh, AIOBOTOCORE),
        },
        [
            within(peer, share, measure)
            for measure in ("wall", "cpu")
            for peer, share in (("pydantic", 1.4), ("aiobotocore.session", 0.5))
        ],
        0,
        ("wall", "cpu"),
    ),
    Comparison(
        "start and send once",
        {name: partial(sending, name) for name in ("sesmail", "raw aiobotocore")},
        [within("raw aiobotocore", 1.0, measure) for measure in ("wall", "cpu")],
        0,
        ("wall", "cpu"),
    ),
]
