"""Starting: the time of a new process, without that of the interpreter itself."""

import json
import subprocess
import sys
import time
from functools import partial

from .comparison import Comparison, Figures, Options, Round
from .messages import ASCII
from .processes import CREDENTIALS, environment
from .ses import start_ses

IMPORTS = {
    "sesmail": "import sesmail",
    "pydantic": "from pydantic import BaseModel",
    # A model loads modules that BaseModel alone doesn't.
    "pydantic with a model": "from pydantic import BaseModel\nclass Model(BaseModel): pass",
    "aiobotocore.session": "import aiobotocore.session",
}
PROGRAMS = {
    "sesmail": """
import asyncio
import sesmail

async def main():
    async with sesmail.Client("eu-west-1", endpoint_url={url!r}, **{credentials}) as client:
        await client.send(
            sesmail.Message(
                from_email="a@example.com", to="b@example.com", subject="Your order", text={text}
            )
        )

asyncio.run(main())
""",
    "raw aiobotocore": """
import asyncio
from email.message import EmailMessage
from email.policy import SMTP
from aiobotocore.session import get_session

async def main():
    message = EmailMessage()
    message["From"], message["To"] = "a@example.com", "b@example.com"
    message["Subject"] = "Your order"
    message.set_content({text})
    content = {{"Raw": {{"Data": message.as_bytes(policy=SMTP)}}}}
    destination = {{"ToAddresses": ["b@example.com"]}}
    async with get_session().create_client(
        "sesv2", "eu-west-1", endpoint_url={url!r}, **{credentials}
    ) as client:
        await client.send_email(Content=content, Destination=destination)

asyncio.run(main())
""",
}


def process_times(code: str) -> Figures:
    import resource  # missing on Windows

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, env=environment())
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall": wall, "cpu": cpu}


def start(code: str, _: Options) -> Round:
    process_times(code)  # compiles the imports, and loads them into the file cache

    def run(_: int) -> Figures:
        empty, whole = process_times(""), process_times(code)
        return {measure: whole[measure] - empty[measure] for measure in whole}

    return run


def start_and_send(program: str, options: Options) -> Round:
    text = json.dumps(ASCII.text)
    code = program.format(url=start_ses(options), credentials=CREDENTIALS, text=text)
    return start(code, options)


MEASURES = ("wall", "cpu")
COMPARISONS = [
    Comparison(
        "import",
        {name: partial(start, code) for name, code in IMPORTS.items()},
        {
            (peer, measure): times
            for measure in MEASURES
            for peer, times in (("pydantic", 0.71), ("aiobotocore.session", 2))
        },
        MEASURES,
        seconds=0,
    ),
    Comparison(
        "start and send once",
        {name: partial(start_and_send, code) for name, code in PROGRAMS.items()},
        {("raw aiobotocore", measure): 1 for measure in MEASURES},
        MEASURES,
        seconds=0,
    ),
]
