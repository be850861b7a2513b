"""Says what a run of a suite could show: sentences and tables for people, JSON for machines."""

from collections.abc import Iterator
from math import sqrt
from typing import Final

import msgspec
from rich.table import Table

from gonogo.json_lines import JsonObject
from gonogo.plain_text import counted, one_line
from gonogo.planning import BreakPlan, Plan, ScorePlan, SequentialPlan, Sizing
from gonogo.reports.consoles import text_console

SCHEMA: Final = 1
"""Version of the document."""

_NEVER: Final = "-"
_DIGITS: Final = 6


def render_plan(plan: Plan, *, width: int = 100) -> str:
    """Return a plan as text.

    Args:
        plan: The plan.
        width: Columns of the terminal.
    """
    console, stream = text_console(width)
    for sentence in describe_plan(plan):
        console.print(sentence)
    if plan.scores:
        console.print()
        console.print(_drop_table(plan))
        console.print()
        console.print(_needs_table(plan))
    return stream.getvalue()


def render_plan_json(plan: Plan) -> str:
    """Return a plan as JSON; its fields only ever grow."""
    document: JsonObject = {
        "schema": SCHEMA,
        "sentences": list(describe_plan(plan)),
        "suite": plan.suite,
        "cases": plan.cases,
        "claims": plan.claims,
        "alpha_of_a_claim": round(plan.levels.alpha, _DIGITS),
        "power": plan.levels.power,
        "scores": [_score(score) for score in plan.scores],
        "breaks": msgspec.to_builtins(plan.breaks),
        "runs": [
            {
                "trials": asking.trials,
                "asked": asking.asked,
                "cost_usd": None if asking.cost_usd is None else str(asking.cost_usd),
            }
            for asking in plan.askings
        ],
        "sequential": None if plan.sequential is None else _sequential(plan.sequential),
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


def describe_plan(plan: Plan) -> tuple[str, ...]:
    """Say in sentences what a run could show, the most important first."""
    if not plan.scores:
        name = one_line(plan.suite)
        return (f"{name}: the baseline holds no scores, so nothing can be planned from it.",)
    first = plan.scores[0]
    sentences = [
        f"{one_line(plan.suite)}: {_headline(plan, first)}",
        *_within(plan),
        _family(plan),
        *_noise(first),
        *_exclusion(first),
        _breaks(plan.breaks),
        *_costs(plan),
    ]
    if plan.sequential is not None:
        sentences.append(_stops(plan.sequential))
    return tuple(sentences)


def _headline(plan: Plan, score: ScorePlan) -> str:
    size, last = score.sizings[0], score.sizings[-1]
    cases = counted(score.cases, "case")
    if score.clusters < score.cases:
        cases += f" in {counted(score.clusters, 'cluster')}"
    asked = f"{cases}, {counted(size.trials, 'trial')} each"
    if size.smallest_drop is None:
        said = f"{asked}: no drop of {_named(score)} would be shown {_often(plan.levels.power)}"
        if size.cases is not None:
            said += f"; one of {score.drop:.3f} takes {counted(size.cases, 'case')}"
    else:
        said = (
            f"{asked}: a drop of {_named(score)} of {size.smallest_drop:.3f} or more would be"
            f" shown {_often(plan.levels.power)}{_gradual(size)}"
        )
    if last is not size and last.smallest_drop is not None:
        said += (
            f"; with {counted(last.trials, 'trial')} each, of {last.smallest_drop:.3f}"
            f"{_gradual(last)}"
        )
    return f"{said}."


def _named(score: ScorePlan) -> str:
    return "the weighted score" if score.name == "score" else one_line(score.name)


def _often(power: float) -> str:
    tenths = power * 10
    if abs(tenths - round(tenths)) < 1e-9:
        return f"{round(tenths)} times in 10"
    return f"in {power * 100:g} % of runs"


def _gradual(size: Sizing) -> str:
    if size.smallest_even_drop is None or size.smallest_even_drop == size.smallest_drop:
        return ""
    return f" ({size.smallest_even_drop:.3f} where every trial gets a little worse)"


def _family(plan: Plan) -> str:
    chance = f"{plan.levels.alpha * plan.claims * 100:.3g} %"
    if plan.claims == 1:
        return f"The chance of a false NO-GO is {chance}."
    return (
        f"{plan.claims} claims (scores, limited amounts, hard breaks) share the chance of a false"
        f" NO-GO, {chance} in all."
    )


def _within(plan: Plan) -> Iterator[str]:
    never = [one_line(score.name) for score in plan.scores if score.drop <= score.bound]
    if never:
        yield f"The drop that is planned for lies within the tolerance of {', '.join(never)}."


def _noise(score: ScorePlan) -> Iterator[str]:
    if score.noise.is_bound:
        yield (
            "How much the answers to a case vary is not known, since the baseline has 1 trial of"
            " each: the spread between cases stands for it, which is not smaller. Record the"
            " baseline with 3 trials (--gonogo-trials 3) to know."
        )


def _exclusion(score: ScorePlan) -> Iterator[str]:
    if score.test != "non-inferiority":
        return
    needed = score.sizings[0].cases_to_exclude
    trials = counted(score.sizings[0].trials, "trial")
    if needed is None:
        yield f"No number of cases up to a million excludes a drop of {score.bound:g}."
    else:
        yield (
            f"To exclude a drop of {_named(score)} of {score.bound:g} when nothing changed takes"
            f" {counted(needed, 'case')} of {trials}; there are {score.cases}."
        )


def _breaks(breaks: BreakPlan) -> str:
    if not breaks.could:
        if breaks.unknown:
            return (
                "Whether a single case broke cannot be planned: the baseline does not say which"
                " trials passed. Accept it anew."
            )
        return "No case passes in every trial, so none can break."
    case = f"A single one of {breaks.could} cases that breaks (passed always, fails always)"
    had = counted(breaks.trials_before, "trial")
    both = (
        "no number of trials shows it"
        if breaks.trials_needed_both is None
        else f"record the baseline with {counted(breaks.trials_needed_both, 'trial')}"
        f" (--gonogo-trials {breaks.trials_needed_both}) and ask as many"
    )
    if breaks.trials_needed is None:
        return f"{case} is never shown with a baseline of {had}: {both}."
    if breaks.trials_needed == breaks.trials_needed_both:
        return f"{case} is shown with {counted(breaks.trials_needed, 'trial')} of it now."
    return (
        f"{case} is shown with {counted(breaks.trials_needed, 'trial')} of it now, the baseline"
        f" having {had}; or {both}."
    )


def _costs(plan: Plan) -> Iterator[str]:
    known = [
        f"{asking.cost_usd:.2f} USD for {counted(asking.trials, 'trial')}"
        for asking in plan.askings
        if asking.cost_usd is not None
    ]
    if known:
        yield (f"Expected cost, as trials cost in the baseline: {', '.join(known)} of each case.")


def _stops(sequential: SequentialPlan) -> str:
    return (
        f"With --gonogo-stop-early ({sequential.rounds} rounds) a run asks on average"
        f" {sequential.share_unchanged * 100:.0f} % of that where nothing changed, and"
        f" {sequential.share_at_drop * 100:.0f} % at the drop that it is sized for, which lies"
        f" {sequential.drop_ratio:.2f} times as far beyond the tolerance as without."
    )


def _drop_table(plan: Plan) -> Table:
    table = _table("smallest drop shown", "cases", "noise", *_headings(plan))
    for score in plan.scores:
        cases = str(score.cases)
        if score.clusters < score.cases:
            cases += f" in {score.clusters}"
        spread = f"{'<= ' if score.noise.is_bound else ''}{sqrt(score.noise.variance):.3f}"
        table.add_row(one_line(score.name), cases, spread)
        breaking = [_drop(sizing.smallest_drop) for sizing in score.sizings]
        even = [_drop(sizing.smallest_even_drop) for sizing in score.sizings]
        table.add_row("  some cases break wholly", "", "", *breaking)
        table.add_row("  every trial a little worse", "", "", *even)
    return table


def _needs_table(plan: Plan) -> Table:
    table = _table("cases needed", "drop", *_headings(plan), "or trials", "if even")
    for score in plan.scores:
        cases = [_count(sizing.cases) for sizing in score.sizings]
        trials = _count(score.trials_needed), _count(score.trials_needed_even)
        table.add_row(f"{one_line(score.name)}: to show", f"{score.drop:.3f}", *cases, *trials)
        if score.test == "non-inferiority":
            excluding = [_count(sizing.cases_to_exclude) for sizing in score.sizings]
            table.add_row("  to exclude, unchanged", f"{score.bound:.3f}", *excluding, "", "")
    return table


def _headings(plan: Plan) -> list[str]:
    return [counted(sizing.trials, "trial") for sizing in plan.scores[0].sizings]


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1))
    table.add_column(first, no_wrap=True, min_width=28)
    for column in others:
        table.add_column(column, justify="right", no_wrap=True, min_width=len(column))
    return table


def _drop(drop: float | None) -> str:
    return _NEVER if drop is None else f"{drop:.3f}"


def _count(number: int | None) -> str:
    return _NEVER if number is None else f"{number:,}"


def _score(score: ScorePlan) -> JsonObject:
    return {
        "name": score.name,
        "test": score.test,
        "bound": score.bound,
        "cases": score.cases,
        "clusters": score.clusters,
        "trials": round(score.trials, _DIGITS),
        "noise_variance": round(score.noise.variance, _DIGITS),
        "noise_is_bound": score.noise.is_bound,
        "depth": round(score.depth, _DIGITS),
        "drop": round(score.drop, _DIGITS),
        "trials_needed": score.trials_needed,
        "trials_needed_even": score.trials_needed_even,
        "by_trials": [
            {
                "trials": sizing.trials,
                "smallest_drop": _rounded(sizing.smallest_drop),
                "smallest_even_drop": _rounded(sizing.smallest_even_drop),
                "cases": sizing.cases,
                "cases_to_exclude": sizing.cases_to_exclude,
            }
            for sizing in score.sizings
        ],
    }


def _sequential(sequential: SequentialPlan) -> JsonObject:
    return {
        "rounds": sequential.rounds,
        "share_unchanged": _rounded(sequential.share_unchanged),
        "share_at_drop": _rounded(sequential.share_at_drop),
        "drop_ratio": _rounded(sequential.drop_ratio),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)
