"""Starting: the cost of a new process, without that of the interpreter itself."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial

from support.ses_events import published, sns_message

from .comparison import INSTRUCTIONS, OURS, Comparison, Figures, Options, Round
from .instructions import of_program
from .messages import ASCII
from .processes import CREDENTIALS, TESTS, environment
from .ses import start_ses

BODY = json.dumps(sns_message(json.dumps(published("Bounce")))).encode()
POWERTOOLS = f"""
import sys
sys.path.insert(0, {str(TESTS)!r})
from aws_lambda_powertools.utilities.parser import parse
from aws_lambda_powertools.utilities.parser.models import SnsNotificationModel
from benchmarks.powertools_models import TrackingEvent
parse(parse({BODY.decode()!r}, SnsNotificationModel).Message, TrackingEvent)
"""
MESSAGE = """
import sesmail
sesmail.Message(from_email="a@example.com", to="b@example.com", subject="Your order", text="Hi")
"""
# Programs by comparison and contestant.
IMPORTS = {
    "import": {
        OURS: "import sesmail",
        "pydantic": "from pydantic import BaseModel",
        "aiobotocore.session": "import aiobotocore.session",
    },
    "import and parse an event": {
        OURS: f"import sesmail\nsesmail.parse({BODY!r})",
        "import of pydantic_core": "import pydantic_core",
        "powertools": POWERTOOLS,
    },
    "import verify": {OURS: "from sesmail import verify"},
    "import Receiver": {OURS: "from sesmail import Receiver"},
    "import read_mail": {
        OURS: "from sesmail import read_mail",
        "stdlib BytesParser": "from email.parser import BytesParser\nimport email.policy",
    },
    "import and make a Message": {
        OURS: MESSAGE,
        # A model loads modules that BaseModel alone doesn't.
        "pydantic with a model": "from pydantic import BaseModel\nclass Model(BaseModel): pass",
    },
}
IMPORT_AIMS = {
    "import": {(OURS, "wall"): 0.005},
    "import and parse an event": {("import of pydantic_core", INSTRUCTIONS): 1 / 1.4},
    "import verify": {(OURS, INSTRUCTIONS): 280e6},
    "import Receiver": {(OURS, INSTRUCTIONS): 360e6},
    "import read_mail": {(OURS, INSTRUCTIONS): 150e6},
    "import and make a Message": {(OURS, INSTRUCTIONS): 700e6},
}
PROGRAMS = {
    "sesmail": """
import asyncio
import sesmail

async def main():
    # Opened by the call, whose timeout is the longer one: callgrind takes a minute.
    client = sesmail.Client("eu-west-1", endpoint_url={url!r}, timeout=600, **{credentials})
    await client.send(
        sesmail.Message(
            from_email="a@example.com", to="b@example.com", subject="Your order", text={text}
        )
    )
    await client.aclose()

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


def start(program: Callable[[Options], str], options: Options) -> Round:
    code = program(options)
    process_times(code)  # compiles the imports, and loads them into the file cache

    def run(_: int) -> Figures:
        empty, whole = process_times(""), process_times(code)
        return {measure: max(1e-4, whole[measure] - empty[measure]) for measure in whole}

    return run


def sending(program: str, options: Options) -> str:
    text = json.dumps(ASCII.text)
    return program.format(url=start_ses(options), credentials=CREDENTIALS, text=text)


def started(
    name: str,
    programs: Mapping[str, Callable[[Options], str]],
    aims: Mapping[tuple[str, str], float],
) -> Comparison:
    def count(contestant: str, options: Options) -> float:
        return of_program(programs[contestant](options))

    contestants = {each: partial(start, program) for each, program in programs.items()}
    return Comparison(name, contestants, aims, ("wall", "cpu"), seconds=0, count=count)


def constant(code: str) -> Callable[[Options], str]:
    return lambda _: code


COMPARISONS = [
    *(
        started(name, {each: constant(code) for each, code in codes.items()}, IMPORT_AIMS[name])
        for name, codes in IMPORTS.items()
    ),
    started(
        "start and send once",
        {name: partial(sending, program) for name, program in PROGRAMS.items()},
        {("raw aiobotocore", measure): 1 / 1.2 for measure in ("wall", "cpu", INSTRUCTIONS)},
    ),
]
