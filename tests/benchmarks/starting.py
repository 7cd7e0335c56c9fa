"""Start: what a fresh process takes until it can be of use, the interpreter's own start taken off."""

import resource
import subprocess
import sys
import time
from functools import partial

from .contest import Comparison, Contestant, Figures, Setting, within
from .senders import first_send
from .ses import served

OUR_IMPORT = "import sesmail"
PYDANTIC = "from pydantic import BaseModel\nclass Model(BaseModel): pass"
AIOBOTOCORE = "import aiobotocore.session"


def taken(code: str) -> Figures:
    """What a process takes for this code and for starting."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"wall": wall, "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}


def fresh(code: str, _: Setting) -> Contestant:
    taken(code)  # so that it's compiled, and in the system's cache

    def run(_: int) -> Figures:
        bare, whole = taken(""), taken(code)
        return {measure: whole[measure] - bare[measure] for measure in whole}

    return run


def sending(name: str, setting: Setting) -> Contestant:
    return fresh(first_send(served(setting), name), setting)


COMPARISONS = [
    Comparison(
        "import",
        {
            "sesmail": partial(fresh, OUR_IMPORT),
            "pydantic": partial(fresh, PYDANTIC),
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
