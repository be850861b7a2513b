"""What a comparison of two models says, as a table for people and as JSON for machines."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

import msgspec
from rich.table import Table
from rich.text import Text

from gonogo.json_lines import JsonObject
from gonogo.model_comparison import (
    AmountResult,
    DomainResult,
    ModelComparison,
    RoutingVerdict,
    ScoreResult,
    WorseCase,
)
from gonogo.plain_text import counted, one_line
from gonogo.reports.consoles import text_console
from gonogo.statistics.differences import Difference, Untestable
from gonogo.statistics.ratios import PercentileRatio, Ratio
from gonogo.statistics.repeated_trials import Unreachable
from gonogo_checkers.output import JsonValue

SCHEMA: Final = 1
"""Version of the JSON document; its fields only ever grow."""

_NOT_KNOWN: Final = "–"
_RULES_SHOWN: Final = 5
_SAID: Final = {
    RoutingVerdict.NON_INFERIOR: "non-inferior",
    RoutingVerdict.INFERIOR: "inferior",
    RoutingVerdict.UNDECIDED: "undecided",
    RoutingVerdict.TOO_FEW: "too few",
}


def render_table(comparison: ModelComparison, *, width: int = 100, color: bool = False) -> str:
    """Return a comparison as text.

    Args:
        comparison: What to show.
        width: Columns of the terminal.
        color: Whether it shows colours.
    """
    console, stream = text_console(width, color=color)
    first, second = (names[-1] for names in comparison.pairs.models)
    console.print(f"A {first}\nB {second}", style="bold")
    console.print(_domain_table(comparison))
    for domain in comparison.domains:
        console.print(f"  {one_line(domain.pairs.domain, 60)}", style="bold")
        for line in _details(domain):
            console.print(f"    {line}")
    console.print(_conclusion(comparison))
    return stream.getvalue()


def render_json(comparison: ModelComparison) -> str:
    """Return a comparison as JSON; its fields are documented in docs/reference/formats.md."""
    pairs = comparison.pairs
    document: JsonObject = {
        "schema": SCHEMA,
        "verdict": comparison.verdict.value,
        "models": {
            side: {"model": names[-1], "names": list(names)}
            for side, names in zip("ab", pairs.models, strict=True)
        },
        "margin": comparison.margin,
        "alpha": comparison.alpha,
        "power": comparison.power,
        "domains": [_domain(domain) for domain in comparison.domains],
        "left_out": {"several_models": pairs.several, "unnamed_model": pairs.unnamed},
        "repeated": pairs.repeated,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


def _domain_table(comparison: ModelComparison) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1))
    table.add_column("  domain", no_wrap=True, min_width=12)
    columns = ("cases", "A", "B", "change", "95 % interval", "cost", "latency")
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True, min_width=len(column))
    table.add_column("B is", no_wrap=True)
    styles = {RoutingVerdict.NON_INFERIOR: "green", RoutingVerdict.INFERIOR: "red"}
    for domain in comparison.domains:
        score = domain.weighted
        table.add_row(
            f"  {one_line(domain.pairs.domain, 30)}",
            str(len(domain.pairs.cases)),
            _number(score.before),
            _number(score.after),
            _change(score.difference),
            _interval(score.difference),
            _times(domain.cost.ratio),
            _times(domain.latency.ratio),
            Text(_SAID[domain.verdict], style=styles.get(domain.verdict, "yellow")),
        )
    return table


def _details(domain: DomainResult) -> Iterator[str]:
    """Yield what is to be said of a domain beside its row."""
    yield _why(domain)
    yield from (f"doubt: {one_line(doubt)}" for doubt in domain.doubts)
    for score in (domain.passed, *domain.scores):
        difference = score.difference
        if isinstance(difference, Difference) and (difference.better or difference.worse):
            yield f"{score.name} {_score_line(score)}"
    yield f"cost {_amount_line(domain.cost, '$')}"
    yield f"latency {_amount_line(domain.latency, 's')}"
    for side, rules in zip("AB", domain.pairs.new_severe, strict=True):
        if rules:
            yield f"severe findings of {side} alone: {_rules(rules)}"
    if domain.worst:
        yield f"worst: {', '.join(map(_worse, domain.worst))}"
    yield from _not_compared(domain)


def _worse(case: WorseCase) -> str:
    found = f" ({one_line(case.exchange, 40)})" if case.exchange else ""
    return f"{one_line(case.case, 50)}{found} {case.difference:+.2f}"


def _rules(rules: Mapping[str, int]) -> str:
    shown = [f"{one_line(rule, 60)} ×{count}" for rule, count in list(rules.items())[:_RULES_SHOWN]]
    return ", ".join(shown) + (" …" if len(rules) > _RULES_SHOWN else "")


def _not_compared(domain: DomainResult) -> Iterator[str]:
    pairs = domain.pairs
    parts = [
        f"{counted(count, 'case')} {what}"
        for count, what in (
            (pairs.alone[0], "answered by A alone"),
            (pairs.alone[1], "answered by B alone"),
            (pairs.changed, "under whose name not the same was asked"),
        )
        if count
    ]
    if parts:
        yield f"not compared: {', '.join(parts)}"


def _why(domain: DomainResult) -> str:
    """Say in words what the verdict rests on, and what is missing."""
    difference, needed = domain.weighted.difference, domain.needed
    missing = ""
    if isinstance(needed, int):
        missing = f"; {needed} cases in all would decide, were the difference as seen"
    if isinstance(needed, Unreachable):
        missing = f"; not even {needed.trials:,} cases would decide, were the difference as seen"
    if isinstance(difference, Untestable):
        least = f"; at least {needed} are needed" if isinstance(needed, int) else ""
        return f"{_SAID[domain.verdict]}: {difference.why.value}{least}"
    trials = " and ".join(str(count) for count in domain.pairs.trials)
    clusters = f" in {difference.clusters} groups" if difference.clusters < difference.cases else ""
    return (
        f"{_SAID[domain.verdict]}: {counted(difference.cases, 'case')}{clusters},"
        f" {trials} trials, p kept {domain.p_kept:.3f}, p drop {domain.p_drop:.3f}{missing}"
    )


def _conclusion(comparison: ModelComparison) -> str:
    second = comparison.pairs.models[1][-1]
    margin = f"a drop of {comparison.margin:g} or more"
    by_verdict = {
        verdict: [d.pairs.domain for d in comparison.domains if d.verdict is verdict]
        for verdict in RoutingVerdict
    }
    parts = [
        f"{_SAID[verdict]} in {', '.join(one_line(domain, 40) for domain in domains)}"
        for verdict, domains in by_verdict.items()
        if domains
    ]
    return f"{second}: {'; '.join(parts) or 'no domain has answers'} ({margin} of the score)"


def _score_line(score: ScoreResult) -> str:
    change = f"{_change(score.difference)} ({_interval(score.difference)})"
    return f"{_number(score.before)} -> {_number(score.after)}, {change}"


def _amount_line(amount: AmountResult, unit: str) -> str:
    if isinstance(amount.ratio, Untestable) or amount.before is None or amount.after is None:
        return "is not known of enough cases"
    ratio = amount.ratio
    parts = [
        f"{_of_unit(amount.before, unit)} -> {_of_unit(amount.after, unit)} a trial",
        f"case by case ×{ratio.estimate:.2f} ({ratio.low:.2f} to {ratio.high:.2f})",
        f"in total ×{ratio.total:.2f}",
    ]
    for name, percentile in (("p50", amount.p50), ("p95", amount.p95)):
        if percentile is not None:
            interval = f"{percentile.low:.2f} to {percentile.high:.2f}"
            parts.append(f"{name} ×{percentile.estimate:.2f} ({interval})")
    return ", ".join(parts)


def _of_unit(value: Decimal, unit: str) -> str:
    return f"${value:.6f}" if unit == "$" else f"{value:.2f} {unit}"


def _number(value: float | None) -> str:
    return _NOT_KNOWN if value is None else f"{value:.3f}"


def _change(difference: Difference | Untestable) -> str:
    return _NOT_KNOWN if isinstance(difference, Untestable) else f"{difference.estimate:+.3f}"


def _interval(difference: Difference | Untestable) -> str:
    if isinstance(difference, Untestable):
        return _NOT_KNOWN
    return f"{difference.low:+.3f} to {difference.high:+.3f}"


def _times(ratio: Ratio | Untestable) -> str:
    return _NOT_KNOWN if isinstance(ratio, Untestable) else f"×{ratio.estimate:.2f}"


def _domain(domain: DomainResult) -> JsonObject:
    pairs, needed = domain.pairs, domain.needed
    return {
        "domain": pairs.domain,
        "verdict": domain.verdict.value,
        "doubts": list(domain.doubts),
        "cases": len(pairs.cases),
        "trials": _sides(*pairs.trials),
        "calls": _sides(*pairs.calls),
        "failed_calls": _sides(*pairs.failed),
        "broken": _sides(*pairs.broken),
        "alone": _sides(*pairs.alone),
        "changed": pairs.changed,
        "score": _score(domain.weighted),
        "p_kept": _rounded(domain.p_kept),
        "p_drop": _rounded(domain.p_drop),
        "cases_to_decide": needed if isinstance(needed, int) else None,
        "is_out_of_reach": isinstance(needed, Unreachable),
        "passed": _score(domain.passed),
        "scores": [_score(score) for score in domain.scores],
        "new_severe": _sides(dict(pairs.new_severe[0]), dict(pairs.new_severe[1])),
        "cost": _amount(domain.cost),
        "latency": _amount(domain.latency),
        "worst": [
            {
                "case": case.case,
                "exchange": case.exchange or None,
                "difference": _rounded(case.difference),
            }
            for case in domain.worst
        ],
    }


def _sides(first: JsonValue, second: JsonValue) -> JsonObject:
    return {"a": first, "b": second}


def _score(score: ScoreResult) -> JsonObject:
    found = score.difference
    seen = None if isinstance(found, Untestable) else found
    return {
        "name": score.name,
        "a": _rounded(score.before),
        "b": _rounded(score.after),
        "cases": found.cases,
        "groups": None if seen is None else seen.clusters,
        "difference": None if seen is None else _rounded(seen.estimate),
        "low": None if seen is None else _rounded(seen.low),
        "high": None if seen is None else _rounded(seen.high),
        "better": None if seen is None else seen.better,
        "worse": None if seen is None else seen.worse,
        "equal": None if seen is None else seen.equal,
        "method": None if seen is None else seen.method.value,
        "untestable": found.why.value if isinstance(found, Untestable) else None,
    }


def _amount(amount: AmountResult) -> JsonObject:
    found = amount.ratio
    seen = None if isinstance(found, Untestable) else found
    return {
        "a": None if amount.before is None else str(amount.before),
        "b": None if amount.after is None else str(amount.after),
        "cases": found.cases,
        "left_out": 0 if seen is None else seen.left_out,
        "ratio": None if seen is None else _rounded(seen.estimate),
        "low": None if seen is None else _rounded(seen.low),
        "high": None if seen is None else _rounded(seen.high),
        "total": None if seen is None else _rounded(seen.total),
        "p50": _percentile(amount.p50),
        "p95": _percentile(amount.p95),
        "resampled_cases": amount.resampled,
        "untestable": found.why.value if isinstance(found, Untestable) else None,
    }


def _percentile(percentile: PercentileRatio | None) -> JsonObject | None:
    if percentile is None:
        return None
    return {
        "a": _rounded(percentile.before),
        "b": _rounded(percentile.after),
        "ratio": _rounded(percentile.estimate),
        "low": _rounded(percentile.low),
        "high": _rounded(percentile.high),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")
