"""What counts as an anomaly: one frozen value; each default says what it is meant for."""

from dataclasses import dataclass, fields
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSettings:
    """From where on something is an anomaly; tokens unless a unit is in the name.

    Attributes:
        least_waste_usd_per_hour: Cheaper episodes are not raised.
        quiet_seconds: An episode ends this long after its last exchange.
        most_entities: Users, sessions or models that each detector remembers; beyond, the one not
            heard of for the longest is forgotten.
        most_named: Exchanges that an alarm names.
        bloat_excess: Growth beyond what was said, over the last turns, that is bloat.
        bloat_turns: How many of the last four turns must have grown so.
        endless_tokens: Input that a history may reach without being cut.
        endless_turns: Turns that it must have grown through.
        pace_turns: Turns in a row, at a pace that no person has, through which the input may grow.
        loop_repeats: Repetitions in a session that are a loop.
        loop_seconds: Within which they come.
        giant_tokens: Input that is giant whoever asks.
        giant_factor: Times the own usual input that is giant too, from half of that size on.
        giant_calls: Calls in a row.
        sudden_factor: Times the largest of the own past that makes a single call giant, from half
            of `giant_tokens` on.
        sudden_usd: What such a call must waste.
        size_factor: Times the own usual input that is too much where it has become frequent.
        spike_score: Surprise from which spending is a spike (see `spikes`).
        spike_factor: Times the highest of the own past, and of the usual.
        spike_bucket_seconds: Over which spending is added up.
        spike_warm_up_buckets: Before which nothing is a spike.
        price_factor: Times the own past price of a token that is a jump.
        price_calls: Calls in a row at the new price.
        shift_evidence: Log likelihood ratio of "nearly all calls go to this model now".
        shift_warm_up_calls: Before which no shift is seen.
        shift_warm_up_seconds: Likewise: a day shows what batches there are.
        dear_factor: Times the price of the cheap model from which a model is dear.
        cheap_model: What trivial tasks would be asked of; None: the cheapest of the newest model
            of each line of the price list.
        trivial_input: Input of a trivial task at most.
        trivial_output: Output of a trivial task at most.
        trivial_calls: Calls looked at; four of five must be trivial.
        cache_calls: Calls in a row without cache reads that are a break.
        cache_lifetime_seconds: Between calls at most, else the cache ran out by itself.
        tools_calls: Calls after which a tool that was never called is unused.
        tools_tokens: Definitions of unused tools from which it matters.
        document_repeats: Times that one document is sent uncached within `loop_seconds`.
        document_tokens: From which a document matters.
        heavy_input: Input from which the ratio is looked at.
        heavy_ratio: Output to input at most.
        heavy_calls: Calls looked at; nine of ten must be heavy.
    """

    least_waste_usd_per_hour: Decimal = Decimal("0.05")
    quiet_seconds: float = 7200.0
    most_entities: int = 5000
    most_named: int = 20
    bloat_excess: int = 4000
    bloat_turns: int = 3
    endless_tokens: int = 60_000
    endless_turns: int = 30
    pace_turns: int = 12
    loop_repeats: int = 6
    loop_seconds: float = 3600.0
    giant_tokens: int = 100_000
    giant_factor: float = 10.0
    giant_calls: int = 5
    sudden_factor: float = 10.0
    sudden_usd: Decimal = Decimal("0.05")
    size_factor: float = 2.5
    spike_score: float = 18.0
    spike_factor: float = 2.0
    spike_bucket_seconds: float = 300.0
    spike_warm_up_buckets: int = 288
    price_factor: float = 1.4
    price_calls: int = 8
    shift_evidence: float = 12.0
    shift_warm_up_calls: int = 100
    shift_warm_up_seconds: float = 86400.0
    dear_factor: float = 4.0
    cheap_model: str | None = None
    trivial_input: int = 300
    trivial_output: int = 60
    trivial_calls: int = 40
    cache_calls: int = 6
    cache_lifetime_seconds: float = 300.0
    tools_calls: int = 100
    tools_tokens: int = 1000
    document_repeats: int = 10
    document_tokens: int = 1000
    heavy_input: int = 20_000
    heavy_ratio: float = 0.002
    heavy_calls: int = 40

    def __post_init__(self) -> None:
        """Refuse numbers that are not above 0.

        Raises:
            ValueError: If one is not; names it.
        """
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, int | float | Decimal) and not value > 0:
                may_be_zero = one.name == "least_waste_usd_per_hour" and value == 0
                if not may_be_zero:
                    raise ValueError(f"{one.name}: expected a number above 0, got {value!r}")
