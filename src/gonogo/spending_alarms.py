"""What went wrong with spending, made fit for the door of alarms: whom it is about stays inside."""

from datetime import UTC, datetime
from decimal import Decimal

from gonogo.errors import BudgetExceeded
from gonogo.production.alarms import Alarm
from gonogo.spend.anomalies.alarms import Alarm as Anomaly
from gonogo.spend.reconciliation import Reconciliation
from gonogo.spend.reservations import SpendWarning
from gonogo_checkers.verdict import Severity


def key_of(anomaly: Anomaly) -> str:
    """Return the key of the episode that an anomaly is; the same over all its news."""
    return f"{anomaly.kind}/{anomaly.entity}/{anomaly.begins.isoformat()}"


def alarm_of_anomaly(anomaly: Anomaly) -> Alarm:
    """Return the alarm of an anomaly: its kind, since when, what it wastes and why."""
    what = anomaly.kind.replace("_", " ")
    per_hour = anomaly.waste_usd_per_hour
    return Alarm(
        key=key_of(anomaly),
        severity=anomaly.severity,
        title=f"{what} of one {anomaly.entity.scope}" if anomaly.entity.name else what,
        text=anomaly.cause,
        at=anomaly.raised,
        facts={
            "kind": anomaly.kind.value,
            "since": anomaly.begins.isoformat(),
            "n": str(anomaly.count),
            "entities": str(anomaly.entities),
            "exchanges": ", ".join(anomaly.exchanges),
            "waste_usd_per_hour": "" if per_hour is None else f"{per_hour:.4f}",
        },
    )


def alarm_of_warning(warning: SpendWarning, *, at: datetime | None = None) -> Alarm:
    """Return the alarm of a threshold of a limit that was passed.

    For the ledger's `on_warning`: `lambda warning: door.sound(alarm_of_warning(warning))`.

    Args:
        warning: As the ledger tells it.
        at: When it happened; None: now.
    """
    status = warning.status
    is_used_up = status.spent_usd + status.held_usd >= status.amount_usd
    return Alarm(
        key="/".join(
            str(part)
            for part in (
                "limit",
                status.limit,
                sorted(status.scope.items()),
                status.starts_at,
                warning.threshold_usd,
            )
        ),
        severity=Severity.HIGH if is_used_up and status.is_hard else Severity.MEDIUM,
        title=f"spending limit {status.limit}: {warning.threshold_usd} US dollars passed",
        text=str(warning),
        at=at or datetime.now(UTC),
        facts={
            "limit": status.limit,
            "spent_usd": str(status.spent_usd),
            "amount_usd": str(status.amount_usd),
            "threshold": str(warning.threshold_usd),
        },
    )


def key_of_reconciliation(found: Reconciliation) -> str:
    """Return the key of the episode that a bill is which differs; the same for its period."""
    return f"reconciliation/{found.start}/{found.end}"


def alarm_of_reconciliation(found: Reconciliation, *, at: datetime | None = None) -> Alarm:
    """Return the alarm of a period whose bill and own exchanges do not agree.

    Args:
        found: One that does not hold.
        at: When it was found; None: now.
    """
    return Alarm(
        key=key_of_reconciliation(found),
        severity=Severity.HIGH if found.is_total_off else Severity.MEDIUM,
        title=f"the bill of {found.start} to {found.end} differs from own exchanges",
        text="\n".join(found.alarms),
        at=at or datetime.now(UTC),
        facts={
            "kind": "reconciliation",
            "since": found.start.isoformat(),
            "until": found.end.isoformat(),
            "n": str(found.exchanges),
            "cost_usd": f"{found.ours_usd:.4f}",
            "spent_usd": f"{found.billed_usd:.4f}",
        },
    )


def alarm_of_refusal(error: BudgetExceeded, *, at: datetime | None = None) -> Alarm:
    """Return the alarm of a call that a hard limit did not let pass; those of a scope are one.

    Args:
        error: As the ledger raises it.
        at: When it happened; None: now.
    """
    resets_at = "never" if error.resets_at is None else error.resets_at.isoformat()
    return Alarm(
        key=f"refused/{error.limit}/{sorted(error.scope.items())}",
        severity=Severity.HIGH,
        title=f"spending limit {error.limit} refuses calls",
        text=str(error),
        at=at or datetime.now(UTC),
        facts={"limit": error.limit, "left_usd": str(error.left_usd), "resets_at": resets_at},
    )


def key_of_limit_ahead(measure: str, limit: Decimal, period: str) -> str:
    """Return the key of the alarm that a limit will be hit: `recover` it where it no longer is."""
    return f"forecast/{measure}/{limit}/{period}"


def alarm_of_limit_ahead(
    measure: str, limit: Decimal, period: str, *, hit_at: datetime, spent: Decimal, at: datetime
) -> Alarm:
    """Return the alarm of a limit that is likely to be hit before its period ends.

    Args:
        measure: `cost` in US dollars, or `tokens`.
        limit: Of the period, in the unit of the measure.
        period: Its name: `2026-11`.
        hit_at: When it is likely hit, or was.
        spent: Of it so far.
        at: When this was foreseen.
    """
    is_past = hit_at <= at
    unit = "US dollars" if measure == "cost" else measure
    when = f"{hit_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    how = "were reached by" if is_past else "will likely be reached by"
    return Alarm(
        key=key_of_limit_ahead(measure, limit, period),
        severity=Severity.HIGH if is_past else Severity.MEDIUM,
        title=f"{limit:f} {unit} of {period} {how} {when}",
        at=at,
        facts={"period": period, "value": f"{spent:f}", "threshold": f"{limit:f}"},
    )
