"""Reads what `gonogo compare --models A,B --format json` found: may B answer in place of A?"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

import msgspec

from gonogo.errors import BadInputError, Problem
from gonogo.json_lines import decode_record

_DATE: Final = re.compile(r"[-@]20\d{6}(?!\d)")
_MOST_BYTES: Final = 64 * 1024 * 1024
_VERDICTS: Final = ("non_inferior", "inferior", "undecided", "too_few")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found about one domain.

    Attributes:
        model: That would answer.
        verdict: As the comparison says it.
        cases: How many both models answered.
        cost_ratio: What the new model's answers cost to those of the old one, over all cases; None:
            not known.
        cases_to_decide: How many cases would decide; None: decided, or out of reach.
    """

    model: str
    verdict: str
    cases: int
    cost_ratio: Decimal | None
    cases_to_decide: int | None


@dataclass(frozen=True, slots=True)
class RoutingEvidence:
    """What is known about routing, by the old model without its date, and by domain."""

    findings: dict[tuple[str, str], tuple[Finding, ...]]

    def about(self, model: str, domain: str) -> tuple[Finding, ...]:
        """Return what was found about a model in a domain; empty: it was not compared."""
        return self.findings.get((without_date(model), domain), ())


NO_EVIDENCE: Final = RoutingEvidence({})


def load_evidence(paths: Iterable[Path]) -> RoutingEvidence:
    """Read comparisons of models.

    Raises:
        BadInputError: With all files that are none.
    """
    found: dict[tuple[str, str], tuple[Finding, ...]] = {}
    problems: list[Problem] = []
    for path in paths:
        comparison = _comparison_in(path)
        if isinstance(comparison, Problem):
            problems.append(comparison)
            continue
        old = {without_date(name) for name in comparison.models.a.names}
        for domain in comparison.domains:
            for name in old:
                key = (name, domain.domain)
                found[key] = (*found.get(key, ()), _finding(domain, comparison.models.b.model))
    if problems:
        raise BadInputError(problems)
    return RoutingEvidence(found)


def without_date(model: str) -> str:
    """Return the name without the date of its snapshot."""
    return _DATE.sub("", model)


class _Model(msgspec.Struct):
    model: str
    names: list[str]


class _Models(msgspec.Struct):
    a: _Model
    b: _Model


class _Cost(msgspec.Struct):
    ratio: Decimal | None = None
    total: Decimal | None = None


class _Domain(msgspec.Struct):
    domain: str
    verdict: str
    cases: int
    cost: _Cost
    cases_to_decide: int | None = None


class _Comparison(msgspec.Struct):
    schema: int
    models: _Models
    domains: list[_Domain]

    def __post_init__(self) -> None:
        if self.schema != 1:
            raise ValueError(f"has schema {self.schema}: expected 1")
        for domain in self.domains:
            if domain.verdict not in _VERDICTS:
                raise ValueError(f"verdict {domain.verdict!r} is none of {', '.join(_VERDICTS)}")


_DECODER: Final = msgspec.json.Decoder(_Comparison)


def _comparison_in(path: Path) -> _Comparison | Problem:
    try:
        with path.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        return Problem(str(path), f"cannot be read: {error.strerror}")
    if len(content) > _MOST_BYTES:
        return Problem(str(path), f"is larger than {_MOST_BYTES} bytes")
    decoded = decode_record(content, _DECODER.decode, str(path))
    if isinstance(decoded, Problem):
        hint = "expected what `gonogo compare --models A,B --format json` prints"
        return Problem(decoded.place, f"{decoded.message}: {hint}")
    return decoded


def _finding(domain: _Domain, model: str) -> Finding:
    ratio = domain.cost.ratio if domain.cost.total is None else domain.cost.total
    return Finding(
        model=model,
        verdict=domain.verdict,
        cases=domain.cases,
        cost_ratio=ratio if ratio is not None and ratio > 0 else None,
        cases_to_decide=domain.cases_to_decide,
    )
