"""The history of a baseline: who accepted what, its best accepted scores, and how it is shown."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from statistics import fmean

import msgspec
import pytest
from builders import HEADER
from hypothesis import example, given
from hypothesis import strategies as st

from gonogo.baselines import (
    Acceptance,
    AcceptedRun,
    Baseline,
    BaselineCase,
    digest_of,
    load_baseline,
    mean_scores,
    sum_up_acceptance,
    write_baseline,
)
from gonogo.best_scores import (
    accept_baseline,
    are_comparable,
    below_best,
    best_of,
    best_path,
    load_best,
    picked_from,
)
from gonogo.cli.history import show_history
from gonogo.errors import BadInputError, BaselineRefusedError
from gonogo.history import history_of
from gonogo.reports.history import render_history, render_history_json

START = datetime(2026, 1, 1, tzinfo=UTC)


def case(case_id: str, digest: str = "d", **scores: float | Sequence[float]) -> BaselineCase:
    """A case with one trial a score, or several."""
    trials = {n: (v,) if isinstance(v, int | float) else tuple(v) for n, v in scores.items()}
    return BaselineCase(case=case_id, digest=digest, domain="x", scores=trials)


def one_score(case_id: str, name: str, value: float) -> BaselineCase:
    return BaselineCase(case=case_id, digest="d", domain="x", scores={name: (value,)})


def accepted(day: int, *cases: BaselineCase, **header: object) -> Baseline:
    """A baseline that was accepted on a day, with no history before that day."""
    acceptance = Acceptance(at=START + timedelta(days=day), decision="GO")
    plain = Baseline(
        header=msgspec.structs.replace(HEADER, history=(acceptance,), **header),
        cases={case.case: case for case in cases},
    )
    history = (sum_up_acceptance(acceptance, plain),)
    return msgspec.structs.replace(
        plain, header=msgspec.structs.replace(plain.header, history=history)
    )


def scores_of(best: Baseline | None) -> dict[str, dict[str, tuple[float, ...]]] | None:
    return None if best is None else {case.case: case.scores for case in best.cases.values()}


# The best accepted scores


def test_each_score_comes_from_the_acceptance_in_which_its_mean_was_best() -> None:
    before = accepted(0, case("a", pii=1.0, length=0.5), case("b", pii=0.8, length=0.5))
    now = accepted(1, case("a", pii=0.9, length=0.7), case("b", pii=0.88, length=0.4))
    best = best_of(None, before, now)
    assert scores_of(best) == {
        "a": {"pii": (1.0,), "length": (0.7,)},
        "b": {"pii": (0.8,), "length": (0.4,)},
    }
    assert best is not None
    assert [(a.at.day, a.scores) for a in best.header.history] == [
        (1, {"pii": 0.9}),
        (2, {"length": 0.55}),
    ]


def test_the_first_and_the_best_in_all_need_no_file() -> None:
    first = accepted(0, case("a", pii=0.5))
    assert best_of(None, None, first) is None
    assert best_of(None, first, accepted(1, case("a", pii=0.5))) is None
    best = best_of(None, first, accepted(1, case("a", pii=0.4)))
    assert best_of(best, accepted(1, case("a", pii=0.4)), accepted(2, case("a", pii=0.6))) is None


def test_cases_keep_their_group_and_nothing_but_scores() -> None:
    one = msgspec.structs.replace(case("a", pii=1.0), group="g", words=(7,), answers=("x",))
    now = msgspec.structs.replace(case("a", pii=0.9), group="g")
    best = best_of(None, accepted(0, one), accepted(1, now))
    assert best is not None
    assert best.cases["a"] == msgspec.structs.replace(case("a", pii=1.0), group="g")


def test_a_tie_goes_to_the_newer() -> None:
    before = accepted(0, case("a", pii=1.0, length=0.9), case("b", pii=0.0, length=0.9))
    now = accepted(1, case("a", pii=0.0, length=0.8), case("b", pii=1.0, length=0.8))
    best = best_of(None, before, now)
    assert best is not None
    assert {c.case: c.scores["pii"] for c in best.cases.values()} == {"a": (0.0,), "b": (1.0,)}


@pytest.mark.parametrize(
    ("name", "header", "stays"),
    [
        ("pii", {"checkers": {"pii": "1", "length": "2"}}, True),
        ("pii", {"checkers": {"pii": "2", "length": "1"}}, False),
        ("score", {"checkers": {"pii": "1", "length": "2"}}, False),
        ("score", {"checkers": {"pii": "1", "length": "1"}}, True),
        ("pii", {"model": "another", "checkers": {"pii": "1", "length": "1"}}, False),
        ("pii", {"tools": "another", "checkers": {"pii": "1", "length": "1"}}, False),
        ("pii", {"dataset": "another", "checkers": {"pii": "1", "length": "1"}}, True),
    ],
)
def test_what_is_no_longer_comparable_is_left_out(
    name: str, header: dict[str, object], *, stays: bool
) -> None:
    checkers = {"pii": "1", "length": "1"}
    before = accepted(0, one_score("a", name, 1.0), checkers=checkers)
    now = accepted(1, one_score("a", name, 0.1), **header)
    assert (best_of(None, before, now) is not None) is stays
    assert are_comparable(name, before.header, now.header) is stays


def test_cases_that_vanished_or_changed_are_left_out() -> None:
    before = accepted(
        0, case("gone", pii=1.0), case("changed", pii=1.0), case("same", pii=1.0, length=1.0)
    )
    now = accepted(1, case("changed", "other", pii=0.2), case("same", pii=0.9, length=1.0))
    assert scores_of(best_of(None, before, now)) == {
        "changed": {"pii": (0.2,)},
        "same": {"pii": (1.0,), "length": (1.0,)},
    }
    moved = msgspec.structs.replace(case("same", pii=0.5), domain="y")
    assert best_of(None, before, accepted(1, moved)) is None


def test_a_case_that_came_later_slides_from_its_own_first_scores() -> None:
    first = accepted(0, case("old", pii=1.0))
    second = accepted(1, case("old", pii=0.99), case("new", pii=0.8))
    best = best_of(None, first, second)
    third = accepted(2, case("old", pii=1.0), case("new", pii=0.7))
    (below,) = below_best(best, third) if best is not None else ()
    assert below.name == "pii"
    assert below.cases == 2
    assert below.drop == pytest.approx(0.05)


def test_a_case_that_has_the_score_no_more_is_left_out() -> None:
    first = accepted(0, case("a", pii=0.9), case("b", pii=0.9))
    second = accepted(1, case("a", pii=0.8), case("b"))
    best = best_of(None, first, second)
    assert scores_of(best) == {"a": {"pii": (0.9,)}, "b": {}}
    assert best_of(None, first, accepted(1, case("a"), case("b"))) is None


def test_a_baseline_that_is_better_than_the_best_beside_it_counts() -> None:
    """Two branches were merged: the file of the one, the baseline of the other."""
    best = accepted(0, case("a", pii=0.7))
    merged = accepted(1, case("a", pii=0.9))
    now = accepted(2, case("a", pii=0.8))
    assert scores_of(best_of(best, merged, now)) == {"a": {"pii": (0.9,)}}


def test_a_slide_is_the_whole_way_down_and_the_deepest_stands_first() -> None:
    steps = [
        accepted(n, case("a", pii=1 - n / 10, length=1 - n / 100), case("b", pii=1.0))
        for n in range(6)
    ]
    best = None
    for before, now in pairwise(steps):
        best = best_of(best, before, now)
    assert best is not None
    below = below_best(best, steps[-1])
    assert [(b.name, b.cases, round(b.drop, 6)) for b in below] == [
        ("pii", 2, 0.25),
        ("length", 1, 0.05),
    ]
    assert {b.source.at for b in below if b.source is not None} == {START}


values = st.integers(0, 20).map(lambda n: n / 20)
trials = st.lists(values, min_size=1, max_size=3)
one_case = st.fixed_dictionaries({}, optional=dict.fromkeys(("score", "pii", "length"), trials))
cases_of_a_suite = st.dictionaries(
    st.sampled_from("abcd"), st.tuples(st.sampled_from(["d", "d", "d", "e"]), one_case)
)


@st.composite
def sequences(draw: st.DrawFn) -> list[Baseline]:
    suites = draw(st.lists(cases_of_a_suite, min_size=1, max_size=6))
    versions = st.sampled_from(["1", "1", "1", "2"])
    return [
        accepted(
            day,
            *(case(name, digest, **scores) for name, (digest, scores) in suite.items()),
            checkers={"pii": draw(versions), "length": draw(versions)},
        )
        for day, suite in enumerate(suites)
    ]


def reference_after(accepted_ones: Sequence[Baseline]) -> list[Baseline]:
    """What each acceptance leaves to be held against: the best scores, else the baseline."""
    best: Baseline | None = None
    before: Baseline | None = None
    references = []
    for now in accepted_ones:
        best = best_of(best, before, now)
        before = now
        references.append(now if best is None else best)
    return references


def common_means(first: Baseline, second: Baseline, name: str) -> tuple[float, float] | None:
    """The means of a score over the cases that both have, and that say the same in both."""
    both = [
        (a.scores[name], b.scores[name])
        for a in first.cases.values()
        if (b := second.cases.get(a.case)) is not None
        and a.digest == b.digest
        and name in a.scores
        and name in b.scores
    ]
    if not both or not are_comparable(name, first.header, second.header):
        return None
    return fmean(fmean(a) for a, _ in both), fmean(fmean(b) for _, b in both)


@given(sequences())
def test_the_best_never_falls(accepted_ones: list[Baseline]) -> None:
    for earlier, later in pairwise(reference_after(accepted_ones)):
        for name in ("score", "pii", "length"):
            means = common_means(earlier, later, name)
            assert means is None or means[1] >= means[0] - 1e-9


@given(sequences())
def test_the_newest_baseline_is_never_above_the_best(accepted_ones: list[Baseline]) -> None:
    for now, reference in zip(accepted_ones, reference_after(accepted_ones), strict=True):
        assert reference.cases.keys() == now.cases.keys()
        for name in ("score", "pii", "length"):
            means = common_means(now, reference, name)
            assert means is None or means[1] >= means[0] - 1e-9


@given(sequences())
def test_accepting_the_same_again_changes_nothing(accepted_ones: list[Baseline]) -> None:
    best: Baseline | None = None
    before: Baseline | None = None
    for now in accepted_ones:
        best = best_of(best, before, now)
        before = now
        assert best_of(best, now, now) == best


@given(st.lists(trials, min_size=2, max_size=8))
@example([[1.0], [0.99], [0.98]])
def test_with_the_same_cases_the_best_is_the_highest_mean(means: list[list[float]]) -> None:
    accepted_ones = [accepted(n, case("a", pii=values)) for n, values in enumerate(means)]
    last = reference_after(accepted_ones)[-1]
    assert fmean(last.cases["a"].scores["pii"]) == pytest.approx(max(map(fmean, means)))
    (source,) = last.header.history[-1:]
    highest = max(range(len(means)), key=lambda n: (round(fmean(means[n]), 9), n))
    assert source.at == START + timedelta(days=highest)


# Files


def accept(path: Path, day: int, *cases: BaselineCase, **kept: object) -> Baseline:
    now = accepted(day, *cases, suite=path.stem)
    plain = msgspec.structs.replace(now, header=msgspec.structs.replace(now.header, history=()))
    acceptance = Acceptance(at=START + timedelta(days=day), decision="GO", **kept)  # type: ignore[arg-type] # of any field
    accept_baseline(plain, load_baseline(path), acceptance, path)
    written = load_baseline(path)
    assert written is not None
    return written


def test_the_best_file_comes_with_the_first_drop_and_goes_with_the_best(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    accept(path, 0, case("a", pii=0.9))
    assert not best_path(path).exists()
    accept(path, 1, case("a", pii=0.8))
    assert best_path(path) == tmp_path / "s.best.jsonl"
    assert scores_of(load_best(path)) == {"a": {"pii": (0.9,)}}
    accept(path, 2, case("a", pii=0.85))
    assert scores_of(load_best(path)) == {"a": {"pii": (0.9,)}}
    accept(path, 3, case("a", pii=0.95))
    assert load_best(path) is None
    assert list(tmp_path.iterdir()) == [path]


def test_an_acceptance_says_against_what_and_how_it_stood(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    (first,) = accept(path, 0, case("a", pii=[0.9, 0.8], score=0.7)).header.history
    assert (first.against, first.cases, first.scores) == (None, 1, {"pii": 0.85, "score": 0.7})
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    second = accept(path, 1, case("a", pii=1 / 3), by="octocat").header.history[-1]
    assert (second.against, second.by) == (digest, "octocat")
    assert second.scores == {"pii": 0.3333}


@pytest.mark.parametrize(
    ("costs", "mean"),
    [
        ([(0.01, 0.03), (0.05,)], Decimal("0.03")),
        ([(0.01, None)], None),
        ([()], None),
        ([(1e308,)], None),
    ],
)
def test_the_cost_of_a_trial_is_known_or_not(
    costs: list[tuple[float | None, ...]], mean: Decimal | None
) -> None:
    cases = [
        msgspec.structs.replace(case(str(n)), cost_usd=cost_usd) for n, cost_usd in enumerate(costs)
    ]
    assert accepted(0, *cases).header.history[0].cost_usd == mean


def test_means_leave_out_cases_without_the_score() -> None:
    cases = [case("a", pii=[1.0, 0.0]), case("b", pii=1.0, length=0.2), case("c", pii=[])]
    assert mean_scores(cases) == {"length": 0.2, "pii": 0.75}


def test_a_digest_does_not_depend_on_the_order_of_cases() -> None:
    one, two = case("a", pii=1.0), case("b", pii=1.0)
    assert digest_of(accepted(0, one, two)) == digest_of(accepted(0, two, one))
    assert digest_of(accepted(0, one)) != digest_of(accepted(0, two))


def test_a_best_file_that_cannot_be_read_stops_the_acceptance(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    accept(path, 0, case("a", pii=0.9))
    best_path(path).write_text("<<<<<<< HEAD\n")
    before = path.read_bytes()
    with pytest.raises(BaselineRefusedError, match=r"s\.best\.jsonl:1: .*; restore the file"):
        accept(path, 1, case("a", pii=0.8))
    assert path.read_bytes() == before


def test_another_suites_file_is_not_taken_for_the_best(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    write_baseline(accepted(0, case("a", pii=1.0), suite="t"), best_path(path))
    with pytest.raises(BadInputError, match="holds scores of suite 't', not of 's'"):
        load_best(path)


def test_a_suite_whose_file_would_be_anothers_best_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BaselineRefusedError, match="kept for the best scores of 's'"):
        accept(tmp_path / "s.best.jsonl", 0, case("a", pii=1.0))
    assert not list(tmp_path.iterdir())


def test_old_files_and_only_sound_costs_are_read() -> None:
    old = b'{"at":"2026-11-24T12:52:17Z","decision":"GO","reason":null}'
    assert msgspec.json.decode(old, type=Acceptance).scores == {}
    for cost in (b'"NaN"', b"-1", b"1e999999999", b"1000000000"):
        with pytest.raises(msgspec.ValidationError, match="cost_usd"):
            msgspec.json.decode(old[:-1] + b',"cost_usd":' + cost + b"}", type=Acceptance)


# How it is shown

RUN = AcceptedRun(mode="replay", model="m", commit="0123456789ab", dirty=True, gonogo="1")


def with_history(baseline: Baseline, *earlier: Acceptance) -> Baseline:
    history = (*earlier, *baseline.header.history)
    return msgspec.structs.replace(
        baseline, header=msgspec.structs.replace(baseline.header, history=history)
    )


def past(day: int, score: float, **kept: object) -> Acceptance:
    """An acceptance of the past, with the weighted score."""
    return Acceptance(
        at=START + timedelta(days=day),
        decision="GO",
        scores={"score": score},
        **{"cases": 1, "run": RUN, **kept},  # type: ignore[arg-type] # of any field
    )


def changes(*earlier: Acceptance, now: float) -> list[tuple[float | None, float | None]]:
    baseline = with_history(accepted(9, case("a", score=now)), *earlier)
    return [(row.since_before, row.since_best) for row in history_of(baseline, None).accepted]


def test_changes_are_held_against_the_one_before_and_the_best_before() -> None:
    assert changes(past(0, 0.9), past(1, 0.7), now=0.8) == [
        (None, None),
        (-0.2, -0.2),
        (0.1, -0.1),
    ]


@pytest.mark.parametrize(
    ("first", "second", "note"),
    [
        ({"checkers": "aa"}, {"checkers": "bb"}, "other versions of checkers"),
        (
            {"run": RUN},
            {"run": msgspec.structs.replace(RUN, model=None)},
            "another model: m -> none",
        ),
    ],
)
def test_other_checkers_and_models_begin_a_new_line_of_scores(
    first: dict[str, object], second: dict[str, object], note: str
) -> None:
    later = (past(1, 0.5, **second), past(2, 0.6, **second))
    baseline = with_history(accepted(9, case("a", score=0.4)), past(0, 0.9, **first), *later)
    rows = history_of(baseline, None).accepted
    assert rows[1].notes == (note,)
    assert [row.since_before for row in rows[:3]] == [None, None, 0.1]
    assert [row.since_best for row in rows[:3]] == [None, None, 0.1]
    assert f"#2 {note}" in render_history(history_of(baseline, None))


def test_other_cases_are_noted_and_still_compared() -> None:
    baseline = with_history(
        accepted(9, case("a", score=0.4)), past(0, 0.9, dataset="x"), past(1, 0.8, dataset="y")
    )
    row = history_of(baseline, None).accepted[1]
    assert (row.since_best, row.notes) == (-0.1, ("other cases",))


def test_an_old_file_shows_what_it_has() -> None:
    old = Acceptance(at=START, decision="NO-GO", reason="the shop says a month now")
    text = render_history(history_of(with_history(accepted(9, case("a", score=0.4)), old), None))
    lines = text.splitlines()
    assert lines[0] == "s: 2 acceptances"
    assert lines[2].split() == ["1", "2026-01-01", "00:00", "-", "-", "NO-GO", *"---"]
    assert lines[3].split() == ["2", "2026-01-10", "00:00", "-", "-", "GO", "1", "0.400", "-"]
    assert "  #1 the shop says a month now" in lines
    assert "  - not kept, or not known" in lines
    assert lines[-1] == "no score lies below its best accepted one"


def test_the_last_acceptance_of_an_old_file_has_the_scores_of_its_cases() -> None:
    baseline = accepted(0, case("a", score=0.4))
    old = Acceptance(at=START, decision="GO")
    header = msgspec.structs.replace(baseline.header, history=(old, old))
    rows = history_of(msgspec.structs.replace(baseline, header=header), None).accepted
    assert [row.acceptance.scores for row in rows] == [{}, {"score": 0.4}]


def test_no_acceptance_at_all_is_shown_as_none() -> None:
    baseline = msgspec.structs.replace(accepted(0, case("a", score=0.4)), header=HEADER)
    assert render_history(history_of(baseline, None)).startswith("s: 0 acceptances\n")


def test_what_lies_below_its_best_names_when_and_by_how_much(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    for day, score in enumerate((0.9, 0.88, 0.86)):
        accept(path, day, case("a", score=score, pii=1.0), run=RUN, by="octocat", reason="it is so")
    baseline = load_baseline(path)
    assert baseline is not None
    history = history_of(baseline, load_best(path))
    text = render_history(history)
    assert [line.split() for line in text.splitlines()[-3:]] == [
        ["below", "the", "best", "accepted:"],
        ["score", "cases", "best", "in", "now", "drop"],
        ["score", "1", "0.900", "#1", "0.860", "0.040"],
    ]
    assert "0123456789ab+" in text
    assert "  + files differed from that commit" in text
    document = json.loads(render_history_json(history))
    assert [row["since_best"] for row in document["accepted"]] == [None, -0.02, -0.04]
    assert document["accepted"][0]["run"]["commit"] == "0123456789ab"
    assert document["below"] == [
        {
            "name": "score",
            "cases": 1,
            "best": 0.9,
            "best_at": "2026-01-01T00:00:00Z",
            "now": 0.86,
            "drop": 0.04,
        }
    ]


@pytest.mark.parametrize(
    ("kept", "of_a_checker", "of_all"),
    [
        ([], 1, 1),
        ([{}], 1, 1),
        ([{"checkers": "x"}, {"checkers": "y"}, {"checkers": "y"}], 3, 2),
        ([{"run": AcceptedRun(mode="live", model="old")}, {}, {}], 2, 2),
        ([{"run": None}, {"checkers": "y"}, {"run": None, "checkers": None}, {}], 4, 4),
        ([{"run": AcceptedRun(mode="live", model="old")}, {"run": None}, {}], 2, 2),
    ],
)
def test_the_best_was_picked_from_all_that_can_be_compared(
    kept: list[dict[str, object]], of_a_checker: int, of_all: int
) -> None:
    history = [past(day, 0.9, **fields) for day, fields in enumerate(kept)]
    assert picked_from("pii", history) == of_a_checker
    assert picked_from("score", history) == of_all


@given(text=st.text(max_size=60) | st.just("[red]x[/red]\x1b[2J\u202e\r\n#9"))
def test_whatever_a_file_says_it_is_shown_on_its_line(text: str) -> None:
    run = AcceptedRun(mode=text, model=text, commit=text, gonogo=text)
    hostile = past(0, 0.9, run=run, by=text, reason=text)
    named = msgspec.structs.replace(case("a", score=0.4), scores={text: (0.4,), "score": (0.4,)})
    baseline = with_history(accepted(9, named, suite=text), hostile)
    best = accepted(0, msgspec.structs.replace(named, scores={text: (0.9,)}), suite=text)
    shown = render_history(history_of(baseline, best))
    plain = shown.replace("\n", "")
    assert plain.isprintable() or not any(c in plain for c in "\x1b\u202e\r")
    assert len(shown.splitlines()) == len(shown.split("\n")) - 1
    assert shown.count("\n") <= 20
    assert json.loads(render_history_json(history_of(baseline, best)))["suite"] == text


def test_a_long_history_shows_its_end() -> None:
    earlier = [past(n, 0.5, reason=f"reason {n}") for n in range(500)]
    text = render_history(
        history_of(with_history(accepted(900, case("a", score=0.4)), *earlier), None)
    )
    assert "the last 40 are shown" in text
    assert "reason 499" in text
    assert "reason 400" not in text


def test_only_a_baseline_has_a_history(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="there is no such file"):
        show_history(tmp_path / "s.jsonl", as_json=False)
    with pytest.raises(BadInputError, match="name the baseline that lies beside it"):
        show_history(tmp_path / "s.best.jsonl", as_json=False)


@pytest.mark.parametrize("as_json", [True, False])
def test_the_command_prints_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, as_json: bool
) -> None:
    accept(tmp_path / "s.jsonl", 0, case("a", score=0.9))
    show_history(tmp_path / "s.jsonl", as_json=as_json)
    assert capsys.readouterr().out.startswith('{\n "schema": 1' if as_json else "s: 1 acceptance\n")
