"""Runs the tests once for each mutant: ``nox -s mutants``, or with parts of the rules' names."""

import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .mutants import MUTANTS

TESTS = Path(__file__).parents[1]
QUICK = [
    *("test_errors.py", "test_error_codes.py", "aws/test_connection.py", "aws/test_failure.py"),
    *("aws/test_fast_path.py", "aws/test_hooks.py"),
    *("aws/test_aiohttp_protocol.py", "aws/test_network_stream.py", "aws/test_header_values.py"),
    *("sending/attempts", "send_log/test_protocol.py"),
]
THOROUGH = [
    *("sending/rate", "sending/test_bulk.py", "sending/test_many.py", "send_log/test_sqlite.py"),
    "sending/references",
    *("system/transports/test_outcomes.py", "system/transports/test_no_connection.py"),
    *("system/transports/test_proxy.py", "system/transports/test_departure.py"),
]
TIMEOUT = 300  # seconds for each of the two runs of a mutant
PROCESSES = 2


def first_failure(rule: str | None, files: list[str]) -> str | None:
    """Returns the first test that fails, None if all pass."""
    mutant = [] if rule is None else ["-p", "mutation.plugin", f"--mutant={rule}"]
    command = [sys.executable, "-m", "pytest", *mutant, "-xqrfE", "-p", "no:cacheprovider", *files]
    environment = {**os.environ, "COLUMNS": "400"}
    try:
        ended = subprocess.run(
            command, cwd=TESTS, env=environment, capture_output=True, text=True, timeout=TIMEOUT
        )
    except subprocess.TimeoutExpired:
        return f"none within {TIMEOUT} seconds"
    if ended.returncode == 0:
        return None
    pattern = r"^(?:FAILED|ERROR|SUBFAILED.*?) (\S+\.py[^\[\s]*)"
    failed = re.search(pattern, ended.stdout, re.MULTILINE)
    if failed is None:
        raise RuntimeError(f"the tests did not run:\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}")
    return failed[1]


def killer(rule: str) -> str | None:
    """Returns a test that fails with a mutant, None if it survives."""
    return first_failure(rule, QUICK) or first_failure(rule, THOROUGH)


def main(words: list[str]) -> int:
    if failed := first_failure(None, [*QUICK, *THOROUGH]):
        print(f"{failed} fails without a mutant")
        return 1
    rules = [rule for rule in MUTANTS if not words or any(word in rule for word in words)]
    start, survived = time.monotonic(), 0
    with ThreadPoolExecutor(PROCESSES) as pool:
        for rule, found in zip(rules, pool.map(killer, rules), strict=True):
            survived += found is None
            print(f"{rule:65} {found or 'SURVIVED'}", flush=True)
    print(f"{len(rules)} mutants, {survived} survived; {time.monotonic() - start:.0f} seconds")
    return 1 if survived else 0


sys.exit(main(sys.argv[1:]))
