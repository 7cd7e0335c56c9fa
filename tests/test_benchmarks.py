"""The bench itself, in small; its figures are made by `nox -s bench`."""

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks import compiling, memory, parsing, reading, starting, verifying
from benchmarks.__main__ import COMPARISONS, chosen, main
from benchmarks.contest import (
    OURS,
    ROUNDS,
    Comparison,
    Contestant,
    Figures,
    NotHereError,
    Result,
    Setting,
    at_most,
    compare,
    faster,
    within,
)
from benchmarks.report import as_json, as_markdown, as_readme, print_result, print_summary
from benchmarks.senders import UNFELT, warm_limiter
from benchmarks.ses import served
from benchmarks.worker import fresh_each_time, python_worker

pytestmark = pytest.mark.once

HERE = {OURS, "stdlib EmailMessage", "stdlib BytesParser", "json.loads twice", "the RSA operation"}
ROOMS = (compiling, parsing, verifying, reading)
measures_processes = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows doesn't tell what a process took"
)


@pytest.fixture
def setting() -> Iterator[Setting]:
    with ExitStack() as stack:
        yield Setting(quick=True, stack=stack)


def telling(*figures: Figures) -> Contestant:
    """A contestant whose rounds were seen to before."""
    left = iter(figures * ROUNDS)
    return lambda _: next(left)


def told(*figures: Figures) -> Comparison:
    peer = {"cpu": 6.0, "memory": 9.0}
    contestants = {
        OURS: lambda _: telling(*figures),
        "peer": lambda _: telling(peer),
        "absent": absent,
    }
    aims = [faster("peer", 4), within("peer", 0.5, "memory"), at_most(4, "memory")]
    return Comparison("work", contestants, aims, 0, ("cpu", "memory", "stall"))


def absent(_: Setting) -> Contestant:
    raise NotHereError("no absent here")


def test_every_aim_is_at_somebody_who_takes_part() -> None:
    assert len({comparison.name for comparison in COMPARISONS}) == len(COMPARISONS)
    for comparison in COMPARISONS:
        assert next(iter(comparison.contestants)) == OURS
        assert {aim.peer for aim in comparison.aims} <= comparison.contestants.keys()
        assert {aim.measure for aim in comparison.aims} <= set(comparison.measures)


def test_comparisons_are_chosen_by_words() -> None:
    assert [comparison.name for comparison in chosen(["compile", "bulk", "50"])] == [
        "compile a bulk message to 50"
    ]
    assert chosen([]) == COMPARISONS


@pytest.mark.parametrize(
    ("comparison", "contestant"),
    [
        pytest.param(comparison, name, id=f"{comparison.name}, {name}")
        for room in ROOMS
        for comparison in room.COMPARISONS
        for name in comparison.contestants
        if name in HERE and "MB" not in comparison.name
    ],
)
def test_works_without_peers(comparison: Comparison, contestant: str, setting: Setting) -> None:
    figures = comparison.contestants[contestant](setting)(1)
    assert figures.keys() == set(comparison.measures)


def test_sends_from_a_process_of_its_own(setting: Setting) -> None:
    url = served(setting)
    for api in ("v1", "v2"):
        worker = python_worker(
            "benchmarks.senders:ours", {"url": url, "concurrency": 2, "api": api}
        )
        assert setting.stack.enter_context(worker)(1).keys() == {"cpu", "wall"}


def test_our_limiter_is_on_and_holds_nobody_back() -> None:
    async def waited() -> list[float]:
        limiter = await warm_limiter()
        assert limiter.rate >= UNFELT
        assert not limiter.fixed
        limiter.give_back(UNFELT)
        return [await limiter.acquire(1) for _ in range(1_000)]

    assert set(asyncio.run(waited())) == {0.0}


@measures_processes
def test_what_a_large_mail_takes(setting: Setting) -> None:
    arguments = {"url": served(setting), "api": "v2", "size": 200_000}
    assert fresh_each_time("benchmarks.memory:ours", arguments)(1).keys() == {
        "cpu",
        "memory",
        "stall",
    }


@measures_processes
def test_what_reading_takes(setting: Setting) -> None:
    run = reading.remembering("read_ours", 100_000, setting)
    assert run(1)["memory"] >= 0.01


@measures_processes
def test_what_a_start_takes() -> None:
    assert starting.taken("").keys() == {"wall", "cpu"}


@measures_processes
def test_memory_is_divided_by_no_less_than_a_hundredth() -> None:
    assert memory.grown(memory.high_water(), 1 << 40) == 0.01


def test_who_is_not_installed_is_not_here() -> None:
    with pytest.raises(NotHereError, match="nothing_like_it"):
        python_worker("nothing_like_it:at_all", {})
    with pytest.raises(NotHereError, match="nothing_like_it"):
        fresh_each_time("nothing_like_it:at_all", {})


def test_a_worker_that_ends_is_noticed() -> None:
    with pytest.raises(RuntimeError, match="ended with 1"):
        python_worker("json:nothing", {})


def test_figures_are_compared_round_by_round() -> None:
    result = compare(
        told({"cpu": 1.0, "memory": 3.0}, {"cpu": 2.0, "memory": 6.0}, {"cpu": 3.0, "memory": 3.0}),
        Setting(),
    )
    assert result.missing == {"absent": "no absent here"}
    assert len(result.rounds["peer"]) == ROUNDS
    own, cpu, held = result.lines
    assert (own.peer, own.measure, own.ours, own.quartiles, own.shortfall) == (
        OURS,
        "memory",
        3,
        (3, 3, 6),
        0,
    )
    assert (cpu.peer, cpu.ours, cpu.theirs, cpu.quartiles) == ("peer", 2, 6, (2, 3, 6))
    assert cpu.shortfall == 0.25
    assert (held.quartiles, held.shortfall) == ((1 / 3, 1 / 3, 2 / 3), 0)


def test_a_peer_may_lack_a_figure_and_an_aim() -> None:
    contestants = {
        OURS: lambda _: telling({"cpu": 1.0, "stall": 1.0}),
        "peer": lambda _: telling({"cpu": 2.0}),
    }
    (line,) = compare(
        Comparison("work", contestants, fill=0, measures=("cpu", "stall")), Setting(quick=True)
    ).lines
    assert (line.measure, line.limit, line.quartiles) == ("cpu", None, (2, 2, 2))


def test_we_are_never_missing() -> None:
    with pytest.raises(NotHereError):
        compare(Comparison("work", {OURS: absent}), Setting())


def test_a_round_is_filled() -> None:
    counts: list[int] = []

    def quick(count: int) -> Figures:
        counts.append(count)
        return {"cpu": 1.0}

    compare(Comparison("work", {OURS: lambda _: quick}), Setting())
    assert counts[:2] == [1, 1]
    assert len(set(counts[2:])) == 1
    assert counts[2] > 1


@pytest.fixture
def result() -> Result:
    return compare(told({"cpu": 2.0, "memory": 3.0}), Setting())


def test_results_are_told(result: Result, capsys: pytest.CaptureFixture[str]) -> None:
    print_result(result)
    print_summary([result], 61.4, [told()])
    out = capsys.readouterr().out
    for words in (
        "work, 9 rounds",
        "aim 4x: short by 25%",
        "0.33 of it",
        "absent",
        "2 of 3 aims met, in 61 seconds",
        "out: work.",
    ):
        assert words in out


def test_results_are_written(result: Result) -> None:
    document = json.loads(as_json([result], Setting(), [told()]))
    assert document["results"][0]["rounds"]["peer"][0] == {"cpu": 6.0, "memory": 9.0}
    assert document["results"][0]["missing"] == {"absent": "no absent here"}
    assert document["left_out"] == ["work"]
    assert {"aiohttp", "botocore", "pydantic"} <= document["versions"].keys()
    head, rule, own, *_ = as_markdown([result], Setting()).splitlines()
    assert head.count("|") == rule.count("|") == own.count("|")
    assert own.startswith("| work |  | memory | 3.00 sizes |  | 3.00 sizes |")


def test_a_readme_has_a_row_for_each_measure(result: Result) -> None:
    head, rule, held, cpu, _, about = as_readme([result], Setting()).splitlines()
    assert (head, rule) == ("| what | sesmail | against |", "| --- | --- | --- |")
    assert held == "| work, memory | 3 sizes | peer 9 sizes |"
    assert cpu == "| work | 2 s | peer 3x |"
    assert "pydantic 2" in about


def test_a_readme_has_two_digits() -> None:
    figures = {
        OURS: {"cpu": 1.234e-5, "wall": 2.0},
        "one": {"cpu": 1.5e-3, "wall": 1.0},
        "two": {"cpu": 2.0e-5},
    }
    contestants = {name: lambda _, each=each: telling(each) for name, each in figures.items()}
    comparison = Comparison("work", contestants, [within("one", 3, "wall")], 0, ("cpu", "wall"))
    table = as_readme([compare(comparison, Setting())], Setting())
    assert table.splitlines()[2:4] == [
        "| work | 12 us | one 120x, two 1.6x |",
        "| work, wall | 2 s | one 2 of it |",
    ]


def bench(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *comparisons: Comparison) -> list[str]:
    """Let the bench be these; where it writes."""
    monkeypatch.setattr("benchmarks.__main__.COMPARISONS", comparisons)
    return [f"--{kind}={tmp_path / kind}" for kind in ("json", "markdown", "readme")]


def test_what_was_measured_is_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    slow = Comparison("slow work", {OURS: absent}, slow=True)
    main(["--quick", *bench(monkeypatch, tmp_path, told({"cpu": 2.0, "memory": 3.0}), slow)])
    document = json.loads((tmp_path / "json").read_text("utf-8"))
    assert ([each["name"] for each in document["results"]], document["left_out"]) == (
        ["work"],
        ["slow work"],
    )
    assert "| 3.00 sizes |" in (tmp_path / "markdown").read_text("utf-8")
    assert "| 3 sizes |" in (tmp_path / "readme").read_text("utf-8")


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt, RuntimeError], ids=lambda error: error.__name__
)
def test_what_was_measured_so_far_is_written(
    error: type[BaseException], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(_: object) -> Contestant:
        raise error

    options = bench(
        monkeypatch,
        tmp_path,
        told({"cpu": 2.0, "memory": 3.0}),
        Comparison("failing", {OURS: fail}),
    )
    with pytest.raises(error):
        main(options)
    document = json.loads((tmp_path / "json").read_text("utf-8"))
    assert ([each["name"] for each in document["results"]], document["left_out"]) == (
        ["work"],
        ["failing"],
    )
    assert "| 3.00 sizes |" in (tmp_path / "markdown").read_text("utf-8")
    assert "| 3 sizes |" in (tmp_path / "readme").read_text("utf-8")


def test_words_that_name_nothing_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--only", "no", "such", *bench(monkeypatch, tmp_path, told())])
    assert caught.value.code == 2
    assert "no comparison has no and such in its name" in capsys.readouterr().err
    assert not [*tmp_path.iterdir()]
