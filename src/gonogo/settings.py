"""Reads `[tool.gonogo]` of a pyproject.toml into one frozen value."""

import math
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

import msgspec

from gonogo.amounts import demand_amount
from gonogo.domains import DOMAINS, GENERAL, Domain
from gonogo.fingerprints import VOLATILE
from gonogo.pricing import ConfiguredPrice, ModelPrices, combine_prices, load_price_file
from gonogo.setting_tables import OWN_TABLES, decode_table, load_table

Share: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=1)]
Weight: TypeAlias = Annotated[float, msgspec.Meta(ge=0)]
Margin: TypeAlias = Annotated[float, msgspec.Meta(gt=0, lt=1)]
Alpha: TypeAlias = Annotated[float, msgspec.Meta(gt=0, le=0.5)]
Power: TypeAlias = Annotated[float, msgspec.Meta(ge=0.5, lt=1)]
Rise: TypeAlias = Annotated[float, msgspec.Meta(ge=0)]
Test: TypeAlias = Literal["regression", "non-inferiority"]
CheckerSetting: TypeAlias = bool | int | float | str | list[str]


class SuiteBudget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits on a whole suite; None: not limited. Percentiles are over the exchanges."""

    cost_usd_total: Decimal | None = None
    cost_usd_mean: Decimal | None = None
    cost_usd_max: Decimal | None = None
    input_tokens_total: Decimal | None = None
    output_tokens_total: Decimal | None = None
    total_tokens_total: Decimal | None = None
    latency_seconds_p50: Decimal | None = None
    latency_seconds_p95: Decimal | None = None
    latency_seconds_p99: Decimal | None = None
    ttft_seconds_p50: Decimal | None = None
    ttft_seconds_p95: Decimal | None = None
    ttft_seconds_p99: Decimal | None = None

    def __post_init__(self) -> None:
        """Refuse a limit below 0.

        Raises:
            ValueError: If there is one.
        """
        for name in self.__struct_fields__:
            demand_amount(name, getattr(self, name))


class Rises(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much more a case may take than in the baseline, as a share: 0.1 is 10 %.

    A rise beyond is a regression. None: a rise is shown, and no regression; in TOML `inf` says so.
    """

    cost_usd: Rise | None = 0.1
    input_tokens: Rise | None = None
    output_tokens: Rise | None = None
    latency_seconds: Rise | None = None

    def limit_of(self, amount: str) -> float | None:
        """Return how much an amount may rise; None: without limit."""
        limit: float | None = getattr(self, amount)
        return None if limit is None or math.isinf(limit) else limit


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a run is NO-GO or UNDECIDED.

    Attributes:
        tolerance: How far a score may fall below its baseline, 0 to 1: of each case where answers
            are certain, in the mean over cases where they are draws.
        tolerances: The same for single scores, by checker id (`score` is the weighted one).
        test: What is asked of scores of answers that are draws: `regression` is NO-GO when a drop
            beyond the tolerance is shown; `non-inferiority` is GO only when a drop of the margin
            or more is excluded, else UNDECIDED.
        tests: The same for single scores.
        margin: The drop that `non-inferiority` excludes, above 0 and below 1.
        margins: The same for single scores.
        alpha: One-sided chance of a false NO-GO over all scores of a suite together, and of a
            false exclusion of a drop.
        power: Chance to show a drop, for which plans and what is missing are worked out.
        measured_by_score: Checkers whose severe findings are no NO-GO by themselves where answers
            are draws: their score says how often. Of all others one such finding is enough.
        rises: How much more tokens, cost and latency a case may take.
        slide: Whether a drop since the best accepted baseline beyond the tolerance, made of many
            small ones that were accepted, is a warning or NO-GO.
        undecided: Whether a run that is UNDECIDED passes or fails.
        max_infra_error_rate: Above this share of failed calls a run is UNDECIDED.
    """

    tolerance: Share = 0.01
    tolerances: dict[str, Share] = {}
    test: Test = "regression"
    tests: dict[str, Test] = {}
    margin: Margin = 0.05
    margins: dict[str, Margin] = {}
    alpha: Alpha = 0.05
    power: Power = 0.8
    measured_by_score: tuple[str, ...] = (
        "code_hallucination",
        "code_performance",
        "code_structure",
        "code_syntax",
        "coherence",
        "expectations",
        "grounding",
        "length",
        "prompt_following",
        "readability",
        "refusal",
        "truncation",
    )
    rises: Rises = Rises()
    slide: Literal["warn", "no-go"] = "warn"
    undecided: Literal["fail", "pass"] = "fail"
    max_infra_error_rate: Share = 0.05

    def tolerance_of(self, score: str) -> float:
        """Return how far a score may fall."""
        return self.tolerances.get(score, self.tolerance)

    def test_of(self, score: str) -> Test:
        """Return what is asked of a score."""
        return self.tests.get(score, self.test)

    def margin_of(self, score: str) -> float:
        """Return the drop of a score that is to be excluded."""
        return self.margins.get(score, self.margin)


class SuiteSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of one suite.

    Attributes:
        domain: Domain of cases that name none; None: the suite's name.
        budget: Limits on the whole suite.
    """

    domain: str | None = None
    budget: SuiteBudget = SuiteBudget()


class RecordingSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How calls are captured and recorded.

    Attributes:
        capture: Whether the calls of clients that an application makes itself are captured.
        redact: Whether personal data and secrets are redacted on the way in.
        volatile: Fields of a request that do not say what is asked, beside `metadata` and
            `stream`; dotted paths that go through lists: `messages.content.cache_control`.
        max_age_days: Older recordings are reported; None: none are.
    """

    capture: bool = True
    redact: bool = False
    volatile: tuple[str, ...] = ()
    max_age_days: Annotated[int, msgspec.Meta(ge=1)] | None = None


class DomainSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A domain of the application's own, or a change to one of ours; None: as it was."""

    weights: dict[str, Weight] | None = None
    threshold: Share | None = None
    required: tuple[str, ...] | None = None


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that `[tool.gonogo]` may say; paths are relative to its file.

    Attributes:
        datasets: Folder with one folder a suite.
        baselines: Folder with one file a suite.
        policy: When a run is NO-GO or UNDECIDED.
        suites: By suite.
        domains: By domain.
        checkers: By checker id: settings of the checker; `use = "module:Class"` names another
            checker to use under that id.
        prices: By model, own prices and discounts; they go before the list's.
        prices_file: A TOML file with more of them, relative to the settings' file.
        recordings: How calls are captured and recorded.
        max_cost_usd: The most that one run may spend on asking Claude; None: not limited.
        concurrency: How many calls are in flight at once, at most.
    """

    datasets: str = "datasets"
    baselines: str = "baselines"
    policy: Policy = Policy()
    suites: dict[str, SuiteSettings] = {}
    domains: dict[str, DomainSettings] = {}
    checkers: dict[str, dict[str, CheckerSetting]] = {}
    prices: dict[str, ModelPrices] = {}
    prices_file: str | None = None
    recordings: RecordingSettings = RecordingSettings()
    max_cost_usd: Decimal | None = None
    concurrency: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 8

    def __post_init__(self) -> None:
        """Refuse a most that is no amount of money.

        Raises:
            ValueError: If it is negative, infinite or not a number.
        """
        demand_amount("max_cost_usd", self.max_cost_usd)

    @property
    def volatile(self) -> frozenset[str]:
        """All fields of a request that its fingerprint leaves out."""
        return VOLATILE | frozenset(self.recordings.volatile)

    def suite(self, name: str) -> SuiteSettings:
        """Return the settings of a suite; the defaults where it has none."""
        return self.suites.get(name, SuiteSettings())

    def domain(self, name: str) -> Domain:
        """Return a domain by its name; `general` where nobody defined it."""
        changed = self.domains.get(name)
        known = DOMAINS.get(name)
        if changed is None:
            return known or GENERAL
        base = known or GENERAL
        return Domain(
            name=name,
            weights=base.weights if changed.weights is None else changed.weights,
            threshold=base.threshold if changed.threshold is None else changed.threshold,
            required=_required(base, changed),
        )


_PARTS: Final[Mapping[str, type[msgspec.Struct]]] = {
    "$.policy.rises": Rises,
    "$.policy": Policy,
    "$.suites[...].budget": SuiteBudget,
    "$.suites": SuiteSettings,
    "$.domains": DomainSettings,
    "$.prices": ConfiguredPrice,
    "$.recordings": RecordingSettings,
}


def load_settings(root: Path) -> Settings:
    """Read the settings of a project.

    Args:
        root: Folder of its pyproject.toml; without the file, the defaults hold.

    Raises:
        BadSettingsError: If the file is not TOML, or a key is unknown or of a wrong type.
        BadInputError: If prices cannot be used: of the settings, or of the file that they name.
    """
    place = str(root / "pyproject.toml")
    settings = decode_settings(load_table(root), place)
    in_file = {} if settings.prices_file is None else load_price_file(root / settings.prices_file)
    return msgspec.structs.replace(
        settings, prices=dict(combine_prices(settings.prices, in_file, place))
    )


def decode_settings(table: Mapping[str, object], place: str) -> Settings:
    """Decode the table `[tool.gonogo]`.

    Raises:
        BadSettingsError: If a key is unknown or of a wrong type; names the place and the key.
    """
    own = {name: value for name, value in table.items() if name not in OWN_TABLES}
    return decode_table(own, Settings, place=place, parts=_PARTS)


def _required(base: Domain, changed: DomainSettings) -> tuple[str, ...]:
    if changed.required is not None:
        return changed.required
    weights = base.weights if changed.weights is None else changed.weights
    return tuple(checker for checker in base.required if checker in weights)
