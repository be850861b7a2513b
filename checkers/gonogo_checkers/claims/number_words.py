"""Numbers as they are spelled out, in seven languages, and the words that scale or round them."""

from typing import Final


def _words(spaced: str) -> frozenset[str]:
    return frozenset(spaced.split())


UNITS: Final = {
    "zero": 0, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
    "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "sechs": 6, "sieben": 7, "acht": 8, "neun": 9,
    "zehn": 10, "elf": 11, "zwölf": 12,
    "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "sept": 7, "huit": 8, "neuf": 9, "dix": 10,
    "onze": 11, "douze": 12, "quinze": 15,
    "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "siete": 7, "ocho": 8, "nueve": 9,
    "diez": 10, "doce": 12,
    "dois": 2, "duas": 2, "três": 3, "quatro": 4, "sete": 7, "oito": 8, "nove": 9, "dez": 10,
    "doze": 12,
    "tre": 3, "quattro": 4, "cinque": 5, "sette": 7, "otto": 8, "dieci": 10,
    "undici": 11, "dodici": 12,
    "twee": 2, "drie": 3, "vijf": 5, "zes": 6, "zeven": 7, "negen": 9, "tien": 10, "twaalf": 12,
    "dozen": 12,
}  # fmt: skip
"""Words for single numbers."""

TENS: Final = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90,
    "zwanzig": 20, "dreißig": 30, "vierzig": 40, "fünfzig": 50,
    "vingt": 20, "trente": 30, "quarante": 40, "cinquante": 50,
    "veinte": 20, "treinta": 30, "cuarenta": 40, "cincuenta": 50,
    "vinte": 20, "trinta": 30, "quarenta": 40, "cinquenta": 50,
    "venti": 20, "trenta": 30, "quaranta": 40, "cinquanta": 50,
    "twintig": 20, "dertig": 30, "veertig": 40, "vijftig": 50,
}  # fmt: skip
"""Words for the tens."""

ORDINALS: Final = {
    "one": 1, "first": 1, "half": 0.5, "second": 2, "third": 3, "fourth": 4, "fifth": 5,
    "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10, "twice": 2, "double": 2,
    "triple": 3, "both": 2,
}  # fmt: skip
"""English ordinals, multiples and `one`: they ground a number, and are never asked to be."""

SCALES: Final = {
    "hundred": 100, "hundert": 100, "cent": 100, "cien": 100, "cem": 100, "cento": 100,
    "honderd": 100,
    "thousand": 1e3, "tausend": 1e3, "mille": 1e3, "mil": 1e3, "mila": 1e3, "duizend": 1e3,
    "k": 1e3, "tsd": 1e3, "千": 1e3, "천": 1e3,
    "lakh": 1e5, "crore": 1e7, "万": 1e4, "萬": 1e4, "만": 1e4,
    "million": 1e6, "millions": 1e6, "millionen": 1e6, "millón": 1e6, "millones": 1e6,
    "milhão": 1e6, "milhões": 1e6, "milione": 1e6, "milioni": 1e6, "miljoen": 1e6, "mio": 1e6,
    "mn": 1e6, "mm": 1e6, "m": 1e6,
    "billion": 1e9, "billions": 1e9, "milliarden": 1e9, "milliarde": 1e9, "milliard": 1e9,
    "milliards": 1e9, "miliardi": 1e9, "miljard": 1e9, "mrd": 1e9, "bn": 1e9, "b": 1e9,
    "億": 1e8, "亿": 1e8, "억": 1e8,
    "trillion": 1e12, "trillions": 1e12, "tn": 1e12, "兆": 1e12,
}  # fmt: skip
"""Words and letters that scale the number before them."""

PERCENT_WORDS: Final = _words(
    "percent pct prozent procent percentage パーセント 퍼센트 процентов процента процент"
)
"""Words for `%` that stand right behind the number (`per cent` and its kin are matched apart)."""

HEDGES: Final = _words(
    """about around approximately approx roughly nearly almost over under some circa ca more less
    least most up exceeding ungefähr etwa rund fast knapp über mehr environ près presque plus moins
    aproximadamente unos casi cerca más menos quase mais circa quasi oltre più ongeveer bijna ruim
    meer ~ ≈ 约 大约 近 約"""
)
"""Words that round the number behind them."""
