"""Amounts of money as people write them: limits in US dollars."""

from decimal import Decimal, InvalidOperation


def demand_amount(name: str, amount: Decimal | None) -> None:
    """Refuse what is no amount of money; None is none that was given.

    Raises:
        ValueError: If it is negative, infinite or not a number; names it.
    """
    if amount is not None and not (amount.is_finite() and amount >= 0):
        raise ValueError(f"{name}: expected at least 0, got {amount}")


def parse_amount(text: str) -> Decimal:
    """Read an amount of US dollars.

    Raises:
        ValueError: If it is none.
    """
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"expected an amount of US dollars, got {text!r}") from None
    demand_amount(text, amount)
    return amount
