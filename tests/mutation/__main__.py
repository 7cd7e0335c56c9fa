"""Break the rules one by one, and print which test notices: `nox -s mutants`, or with words of the names alone."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from .mutants import MUTANTS, Mutant

TESTS = Path(__file__).parents[1]
QUICK = [
    *(
        "test_errors.py",
        "test_error_codes.py",
        "aws/test_connection.py",
        "aws/test_failure.py",
        "aws/test_fast_path.py",
    ),
    *(
        "sending/attempts/test_answer.py",
        "sending/attempts/test_runner.py",
        "sending/attempts/test_state.py",
        "sending/attempts/test_retry.py",
    ),
    "send_log/test_protocol.py",
]
THOROUGH = [
    *(
        "sending/rate/test_limiter.py",
        "sending/test_bulk.py",
        "system/test_outcomes.py",
        "system/test_no_connection.py",
    ),
    *("sending/test_many.py", "send_log/test_sqlite.py", "system/test_memory.py"),
]
PATIENCE = 300  # seconds, for one mutant
PROCESSES = 2


def run(house: Path, files: list[str]) -> str | None:
    """The first test that fails, if one does."""
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-rfE", "-p", "no:cacheprovider", *files],
        cwd=TESTS,
        env={
            **os.environ,
            "PYTHONPATH": str(house),
            "PYTHONDONTWRITEBYTECODE": "1",
            "COLUMNS": "400",
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    if ended.returncode == 0:
        return None
    failed = re.search(
        r"^(?:FAILED|SUBFAILED\S*(?: \S+)*?) (\S+\.py::[^\[\s]+)", ended.stdout, re.MULTILINE
    )
    if failed is None:
        raise RuntimeError(f"the tests did not run:\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}")
    return failed[1]


def killer(house: Path, mutant: Mutant) -> str | None:
    """The test that notices a mutant, if one does."""
    file = house / "sesmail" / mutant.file
    source = file.read_text("utf-8")
    file.write_text(mutant.applied(source), "utf-8")
    try:
        return run(house, QUICK) or run(house, THOROUGH)
    except subprocess.TimeoutExpired:
        return f"none ended within {PATIENCE} seconds"
    finally:
        file.write_text(source, "utf-8")


def main(words: list[str]) -> int:
    chosen = [
        mutant for mutant in MUTANTS if not words or any(word in mutant.name for word in words)
    ]
    began = time.monotonic()
    survivors = 0
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(PROCESSES) as pool:
        free: SimpleQueue[Path] = SimpleQueue()
        for number in range(PROCESSES):
            house = Path(folder, str(number))
            shutil.copytree(
                TESTS.parent / "src", house, ignore=shutil.ignore_patterns("__pycache__")
            )
            free.put(house)

        def judge(mutant: Mutant) -> str | None:
            house = free.get()
            try:
                return killer(house, mutant)
            finally:
                free.put(house)

        if (failed := run(free.get(), [*QUICK, *THOROUGH])) is not None:
            print(f"{failed} fails without a mutant")
            return 1
        free.put(Path(folder, "0"))
        for mutant, found in zip(chosen, pool.map(judge, chosen), strict=True):
            survivors += found is None
            print(f"{mutant.file:22} {mutant.name:55} {found or 'SURVIVED'}", flush=True)
    print(f"{len(chosen)} mutants, {survivors} survived; {time.monotonic() - began:.0f} seconds")
    return 1 if survivors else 0


sys.exit(main(sys.argv[1:]))
