"""Tells which natural language a text is in, by its script and its stop words.

Meant for the plain question "is this answer in German?", not for short or mixed texts: where too
little speaks for one language, it answers None. Languages that share a script and have no stop
words here (Hindi, Marathi and Nepali; Arabic, Persian and Urdu in part) are told apart only as far
as their letters go, and count as fitting each other where those do not decide.
"""

import re
from collections import Counter
from typing import Final

_LOOKED_AT: Final = 20_000

LANGUAGE_NAMES: Final = {
    "english": "en", "german": "de", "french": "fr", "spanish": "es", "italian": "it",
    "portuguese": "pt", "dutch": "nl", "swedish": "sv", "danish": "da", "norwegian": "no",
    "finnish": "fi", "polish": "pl", "czech": "cs", "romanian": "ro", "hungarian": "hu",
    "turkish": "tr", "vietnamese": "vi", "indonesian": "id", "swahili": "sw", "catalan": "ca",
    "croatian": "hr", "russian": "ru", "ukrainian": "uk", "bulgarian": "bg", "greek": "el",
    "hebrew": "he", "arabic": "ar", "persian": "fa", "farsi": "fa", "urdu": "ur", "hindi": "hi",
    "marathi": "mr", "nepali": "ne", "bengali": "bn", "punjabi": "pa", "gujarati": "gu",
    "tamil": "ta", "telugu": "te", "kannada": "kn", "malayalam": "ml", "thai": "th",
    "korean": "ko", "japanese": "ja", "chinese": "zh", "mandarin": "zh", "armenian": "hy",
    "georgian": "ka", "deutsch": "de", "englisch": "en", "französisch": "fr", "spanisch": "es",
    "italienisch": "it", "anglais": "en", "français": "fr", "allemand": "de", "espagnol": "es",
    "inglés": "en", "español": "es", "francés": "fr", "alemán": "de", "inglês": "en",
    "português": "pt", "italiano": "it", "nederlands": "nl", "engels": "en",
}  # fmt: skip
"""ISO 639-1 codes by the lower-case name of the language, in English and in some others."""

_STOP_WORDS: Final = {
    "en": "the of and to in is that it for was with as you are this be have not but they from "
    "or which what we can your will there their has an would if about my where by i me do "
    "does how when so please just all more out up no been had who than then its our us",
    "de": "der die das und ist in zu den nicht von mit ein eine dem auf für sich auch es im sie "
    "ich wir werden wird sind bei oder aus nach wie haben kann ihr ihre aber noch über "
    "einen mein meine mir mich so wann wo bitte als dass war zum zur wenn nur mehr alle",
    "fr": "le la les de des et est un une que qui dans en pour pas sur du au avec ce il vous "
    "nous par sont plus ne se aux ou mais cette votre être fait je mon ma mes où quand "
    "tout comme si leur été",
    "es": "el la los las de que y en un una es por con para no se del su al lo como más pero "
    "sus le ha este esta son también si o está muy puede mi mis me dónde cuándo todo esto "
    "les porque cuando",
    "it": "il la di che e è un una per non in sono con del della le i gli da si come anche ma "
    "nel alla più al dei questo questa o ha essere delle mio mia mi dove quando tutto lo "
    "dal se ci",
    "pt": "o a os as de que e em um uma é para com não por se do da no na dos das mais como mas "
    "foi ao ele seu sua ou quando muito nos já está também você meu minha onde isso ela "
    "foram pela pelo",
    "nl": "de het een en van is in dat op te voor met zijn niet aan er om ook als bij maar door "
    "wordt dit die ze je kan of naar nog wel deze uw hebben mijn waar wanneer dan zo nu "
    "hun we",
    "sv": "och i att det som en på är av för med den till inte om ett har de jag kan du vi från "
    "men så eller också vid var",
    "da": "og i at det som en på er af for med den til ikke om et har de jeg kan du vi fra men "
    "så eller også ved var der efter blev",
    "no": "og i at det som en på er av for med den til ikke om et har de jeg kan du vi fra men "
    "så eller også ved var etter ble hva",
    "fi": "ja on ei se että en hän oli ovat mutta kun niin tai myös joka mitä kuin voi sen ole "
    "olla tämä jos minä sinä he",
    "pl": "i w nie na się z do to że jest o jak po co ale tak za od przez dla są czy być może "
    "oraz który która ten tego",
    "cs": "a je v na se že to s z do o jako pro si ale by které jsou po tak jsem nebo také být "
    "může který při není",
    "ro": "și de în la a cu nu o este pe un să care din ce mai că sunt pentru ca au fi dar sau "
    "această fost",
    "hu": "a az és hogy nem is egy van ez meg de ha vagy mint csak már el mert még volt lehet "
    "ezt azt nagyon",
    "tr": "ve bir bu da de için ile çok ne daha olarak gibi en ama ben var olan kadar sonra "
    "değil mi ya her o şey",
    "vi": "và của là có không được trong cho một các những với này đã người để khi từ đến về "
    "như bạn tôi cũng thì",
    "id": "yang dan di itu dengan untuk tidak ini dari dalam akan pada juga saya ke karena ada "
    "bisa adalah oleh atau mereka anda kami",
    "sw": "na ya wa kwa ni katika la za kuwa cha hii si kama lakini au pia yake sana hiyo yako "
    "huo watu hivyo",
    "ca": "el la els les de que i en un una és per amb no es del al com més però seva són també "
    "o aquest aquesta dels ha",
    "hr": "i je u se na da su za od s koji što nije kao ili a ali sam biti može koja bi samo "
    "također",
    "ru": "и в не на что я с он как это по но из у за то же от для так его ее были быть мы вы "
    "или есть",
    "uk": "і в не на що я з він як це по але із у за та ж від для так його її були бути ми ви "
    "або є й до",
    "bg": "и в не на че аз с той как това по но от за да се е са със ще като или които тази "
    "този бъде си",
}  # fmt: skip
_STOPS: Final = {code: frozenset(words.split()) for code, words in _STOP_WORDS.items()}
_LATIN: Final = frozenset(_STOPS) - {"ru", "uk", "bg"}

_SCRIPTS: Final = (
    ("kana", re.compile("[\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f]")),
    ("han", re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")),
    ("hangul", re.compile("[\uac00-\ud7af\u1100-\u11ff\u3130-\u318f]")),
    ("thai", re.compile("[\u0e01-\u0e5b]")),
    ("devanagari", re.compile("[\u0900-\u097f]")),
    ("bengali", re.compile("[\u0980-\u09ff]")),
    ("gurmukhi", re.compile("[\u0a00-\u0a7f]")),
    ("gujarati", re.compile("[\u0a80-\u0aff]")),
    ("tamil", re.compile("[\u0b80-\u0bff]")),
    ("telugu", re.compile("[\u0c00-\u0c7f]")),
    ("kannada", re.compile("[\u0c80-\u0cff]")),
    ("malayalam", re.compile("[\u0d00-\u0d7f]")),
    ("arabic", re.compile("[\u0620-\u06ff]")),
    ("hebrew", re.compile("[\u05d0-\u05ea]")),
    ("greek", re.compile("[\u0370-\u03ff\u1f00-\u1fff]")),
    ("armenian", re.compile("[\u0531-\u058a]")),
    ("georgian", re.compile("[\u10a0-\u10ff]")),
    ("cyrillic", re.compile("[\u0400-\u04ff]")),
    ("latin", re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")),
)
_OF_SCRIPT: Final = {
    "hangul": ("ko",), "thai": ("th",), "devanagari": ("hi", "mr", "ne"), "bengali": ("bn",),
    "gurmukhi": ("pa",), "gujarati": ("gu",), "tamil": ("ta",), "telugu": ("te",),
    "kannada": ("kn",), "malayalam": ("ml",), "hebrew": ("he",), "greek": ("el",),
    "armenian": ("hy",), "georgian": ("ka",), "han": ("zh",), "kana": ("ja",),
}  # fmt: skip
_WORD: Final = re.compile(r"[^\W\d_]+")


def fitting_languages(text: str) -> frozenset[str]:
    """Return the languages that a text can be in.

    Args:
        text: Running text; the first 20,000 characters are looked at.

    Returns:
        ISO 639-1 codes: one where the text is clear, several where its script leaves a choice,
        none where too little speaks for any (fewer than some eight words in Latin or Cyrillic).
    """
    looked_at = text[:_LOOKED_AT]
    script = main_script(looked_at)
    if script in {"latin", "cyrillic"}:
        return _by_stop_words(looked_at, script)
    if script == "arabic":
        return _by_arabic_letters(looked_at)
    if script == "han" and main_script(looked_at, among=("kana", "hangul")):
        return frozenset()
    return frozenset(_OF_SCRIPT.get(script or "", ()))


def is_in_language(text: str, code: str) -> bool | None:
    """Tell whether a text is in a language; None where it is too short or unclear to tell."""
    fitting = fitting_languages(text)
    return code in fitting if fitting else None


def main_script(text: str, among: tuple[str, ...] = ()) -> str | None:
    """Return the script of most letters, or None where there is no letter of any.

    Japanese counts as `kana` as soon as a tenth of its characters are.

    Args:
        text: Any text.
        among: Scripts to choose from; empty for all.
    """
    counts = {
        name: len(pattern.findall(text)) for name, pattern in _SCRIPTS if not among or name in among
    }
    if counts.get("kana", 0) * 10 > counts.get("han", 0) > 0:
        counts["kana"] += counts.pop("han")
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] else None


def _by_stop_words(text: str, script: str) -> frozenset[str]:
    words = Counter(word.lower() for word in _WORD.findall(text))
    total = sum(words.values())
    codes = _LATIN if script == "latin" else frozenset(_STOPS) - _LATIN
    hits = {code: sum(words[stop] for stop in _STOPS[code]) for code in codes}
    ranked = sorted(hits, key=lambda code: (-hits[code], code))
    best = hits[ranked[0]]
    if total < 8 or best < 3 or best < 0.08 * total:
        return frozenset()
    return frozenset(code for code in ranked if hits[code] > 0.8 * best)


def _by_arabic_letters(text: str) -> frozenset[str]:
    persian = len(re.findall("[پچژگکی]", text))
    urdu = len(re.findall("[ٹڈڑںےہ]", text))
    if urdu * 50 > len(text):
        return frozenset({"ur"})
    return frozenset({"fa", "ur"}) if persian * 50 > len(text) else frozenset({"ar"})
