"""A course of the bill: measures one after the other, each on what those before it left.

Batching and caching exclude each other: what is batched is not counted on to find anything in the
cache. And a shorter or routed prompt may be too short to be cached. So for each application three
plans are kept beside each other: all but caching, all but batching, and caching alone. At the end
the one counts that saves most.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple, TypeAlias

from gonogo.pricing import Prices
from gonogo.spend.savings.caching import Application, CacheTrial
from gonogo.spend.savings.drafts import Change, Draft
from gonogo.spend.savings.prompts import Prompt
from gonogo.spend.savings.results import Basis, Kind
from gonogo.spend.savings.settings import SavingsSettings

PlaceKey: TypeAlias = tuple[Kind, str, Basis]

_MOST_APPLICATIONS: Final = 4000
_ZERO: Final = Decimal(0)


class Tried(NamedTuple):
    """A measure that would have saved something as the only one."""

    key: PlaceKey
    change: Change
    alone: Decimal


@dataclass(frozen=True, slots=True)
class Step:
    """A draft and what it costs."""

    draft: Draft
    cost: Decimal

    def after(self, change: Change, prices: Prices) -> "Step":
        """Return the draft as a measure changes it; the same where that saves nothing."""
        changed = change.redraft(self.draft)
        cost = changed.cost_usd(prices)
        return self if cost is None or cost >= self.cost else Step(changed, cost)


@dataclass(frozen=True, slots=True)
class CourseSavings:
    """What a course saves, in US dollars.

    Attributes:
        places: By measure and place.
        caches: By caching, by application.
    """

    places: Mapping[PlaceKey, Decimal]
    caches: Mapping[Application, Decimal]


class Course:
    """Follows calls down one course of the bill."""

    def __init__(self, settings: SavingsSettings, prices: Prices) -> None:
        self._prices = prices
        self._unbatched = CacheTrial(settings, prices)
        self._settled: dict[PlaceKey, Decimal] = {}
        self._open: OrderedDict[Application, dict[PlaceKey, Decimal]] = OrderedDict()

    def see(
        self,
        application: Application | None,
        made: Step,
        tried: Iterable[Tried],
        prompt: Prompt | None,
    ) -> None:
        """Take the measures of a call in turn.

        Args:
            application: Of which the call is; None: nobody knows, and it is not cached.
            made: The call as it was made.
            tried: Measures in the order of the total.
            prompt: What its request is made of.
        """
        step = unbatched = made
        sums = self._sums(application)
        for key, change, alone in tried:
            left = step.after(change, self._prices)
            sums[key] = sums.get(key, _ZERO) + min(step.cost - left.cost, alone)
            step = left
            unbatched = unbatched if change.kind is Kind.BATCHING else step
        if application is not None and prompt is not None:
            self._unbatched.see(application, unbatched.draft, prompt)

    def savings(self, alone: CacheTrial) -> CourseSavings:
        """Return what is saved, by the best plan of each application.

        Args:
            alone: Caching as the only measure; no plan caches more than that.
        """
        places, caches = dict(self._settled), dict[Application, Decimal]()
        for application in alone.accounts.keys() | self._open.keys():
            most = alone.saved(application)
            sums = self._open.get(application, {})
            unbatched = {key: saved for key, saved in sums.items() if key[0] is not Kind.BATCHING}
            plans: tuple[tuple[Mapping[PlaceKey, Decimal], Decimal], ...] = (
                (sums, _ZERO),
                (unbatched, min(self._unbatched.saved(application), most)),
                ({}, most),
            )
            taken, cached = max(plans, key=lambda plan: sum(plan[0].values(), plan[1]))
            caches[application] = cached
            _add(places, taken)
        return CourseSavings(places=places, caches=caches)

    def _sums(self, application: Application | None) -> dict[PlaceKey, Decimal]:
        """Return the running sums of an application; those of the ones beyond are settled."""
        if application is None:
            return self._settled
        sums = self._open.setdefault(application, {})
        self._open.move_to_end(application)
        if len(self._open) > _MOST_APPLICATIONS:
            _add(self._settled, self._open.popitem(last=False)[1])
        return sums


def _add(sums: dict[PlaceKey, Decimal], more: Mapping[PlaceKey, Decimal]) -> None:
    for key, saved in more.items():
        sums[key] = sums.get(key, _ZERO) + saved
