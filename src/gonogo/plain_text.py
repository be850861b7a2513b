"""Makes text of unknown origin fit to be shown: one line, no control characters, not too long."""

import unicodedata


def one_line(text: str, limit: int = 300) -> str:
    """Return text on one line that moves no cursor and turns no direction.

    Control and format characters (Unicode categories Cc, Cf, Co, Cs, Cn) become `�`, so that
    neither a terminal's escape sequences nor right-to-left overrides reach a reader.

    Args:
        text: Anything, a response's words too.
        limit: Longer text is cut, and ends in `…`.
    """
    flat = " ".join(text.split())
    cut = flat if len(flat) <= limit else flat[:limit] + "…"
    if cut.isprintable():
        return cut
    return "".join("�" if unicodedata.category(char).startswith("C") else char for char in cut)


def counted(number: int, noun: str) -> str:
    """Return a number and its noun: `1 case`, `2 cases`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
