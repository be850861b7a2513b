"""The go/no-go gauge for what Claude answers."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gonogo.attribution import attributed

__all__ = ["__version__", "attributed"]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Import what an application uses of the package only when it does (PEP 562)."""
    if name == "attributed":
        from gonogo.attribution import attributed  # noqa: PLC0415 - only for those who use it

        return attributed
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
