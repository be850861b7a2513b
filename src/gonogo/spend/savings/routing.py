"""Model routing: a cheaper model where it was shown to be no worse, else as an assumption."""

from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Final

from gonogo.plain_text import one_line
from gonogo.pricing import Prices
from gonogo.spend.savings.drafts import GENERAL, Change, Draft
from gonogo.spend.savings.evidence import Finding, RoutingEvidence, without_date
from gonogo.spend.savings.results import Basis, Kind
from gonogo.spend.savings.settings import SavingsSettings

_SHOWN: Final = "non_inferior"
_WORSE: Final = "inferior"


class Routing:
    """Finds the model that could answer in place of the one that did."""

    def __init__(
        self, evidence: RoutingEvidence, settings: SavingsSettings, prices: Prices
    ) -> None:
        self._evidence = evidence
        self._settings = settings
        self._prices = prices

    def change_of(self, draft: Draft) -> Change | None:
        """Return the routing of a call; None: there is no cheaper model that may answer it.

        Of several that were shown to be no worse, the one that costs the call least. A model that
        was shown to be worse is not assumed to do.
        """
        domain = draft.exchange.domain or GENERAL
        found = self._evidence.about(draft.model, domain)
        shown = [self._measured(draft, one, domain) for one in found if one.verdict == _SHOWN]
        if shown:
            return min(shown, key=lambda change: self._cost(change.redraft(draft)))
        smaller = self._smaller(draft.model)
        about = next((one for one in found if without_date(one.model) == smaller), None)
        if smaller is None or (about is not None and about.verdict == _WORSE):
            return None
        return Change(
            kind=Kind.ROUTING,
            place=_place(domain, draft.model, smaller),
            basis=Basis.ASSUMED,
            redraft=partial(_asked_of, model=smaller),
            note="not compared" if about is None else _missing(about),
        )

    def _measured(self, draft: Draft, finding: Finding, domain: str) -> Change:
        ratio = "" if finding.cost_ratio is None else f", cost ×{finding.cost_ratio:.2f}"
        return Change(
            kind=Kind.ROUTING,
            place=_place(domain, draft.model, finding.model),
            basis=Basis.MEASURED,
            redraft=partial(self._as_measured, finding=finding),
            note=f"non-inferior in {finding.cases} cases{ratio}",
        )

    def _as_measured(self, draft: Draft, *, finding: Finding) -> Draft:
        """Price the tokens at the new model, or as the comparison saw it where that is more."""
        routed = _asked_of(draft, model=finding.model)
        before, after = draft.cost_usd(self._prices), routed.cost_usd(self._prices)
        if finding.cost_ratio is None or before is None or not after:
            return routed
        return replace(routed, factor=max(Decimal(1), before * finding.cost_ratio / after))

    def _smaller(self, model: str) -> str | None:
        name = without_date(model)
        for line, smaller in self._settings.smaller_lines.items():
            if line in name:
                return name.replace(line, smaller)
        return None

    def _cost(self, draft: Draft) -> Decimal:
        cost = draft.cost_usd(self._prices)
        return Decimal("Infinity") if cost is None else cost


def _asked_of(draft: Draft, *, model: str) -> Draft:
    return replace(draft, model=model)


def _place(domain: str, old: str, new: str) -> str:
    return one_line(f"domain {domain}, {without_date(old)} -> {without_date(new)}", 200)


def _missing(finding: Finding) -> str:
    more = "" if finding.cases_to_decide is None else f"; {finding.cases_to_decide} would decide"
    return f"compared in {finding.cases} cases and not decided{more}"
