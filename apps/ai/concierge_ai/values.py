"""The values in a text (times, prices, percentages, numbers), so that two texts can be compared by what they say.

"15 Uhr", "3 pm" and "15:00" are the same time; "€ 18", "18 EUR" and "18,00 Euro" the same price. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Literal

from concierge_ai.lexicon import read_data

Kind = Literal["time", "money", "percent", "number", "phone"]


@dataclass(frozen=True, slots=True)
class Value:
    """`amount`: minutes since midnight for a time. `unit`: currency of a price."""

    kind: Kind
    amount: Decimal
    unit: str = ""


_CURRENCIES = {
    "€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "يورو": "EUR", "$": "USD", "usd": "USD", "dollar": "USD",
    "dollars": "USD", "دولار": "USD", "£": "GBP", "gbp": "GBP", "pound": "GBP", "pounds": "GBP", "chf": "CHF",
    "franken": "CHF", "omr": "OMR", "rial": "OMR", "rials": "OMR", "ريال": "OMR", "aed": "AED", "dirham": "AED",
    "dirhams": "AED", "درهم": "AED", "sar": "SAR", "cent": "CENT", "cents": "CENT",
}  # fmt: skip
_MONEY = "|".join(re.escape(c) for c in sorted(_CURRENCIES, key=len, reverse=True))
_NUMBER = r"\d{1,3}(?:[.,'’]\d{3})+(?:[.,]\d{1,2})?(?!\d)|\d+(?:[.,]\d+)?"
_AM = (
    r"a\.?\s?m\b\.?|(?:in the )?morning|morgens|vormittags|fruh|du matin|de la manana|del mattino|di mattina|صباحا|ص\b"
)
_PM = (
    r"p\.?\s?m\b\.?|(?:in the )?(?:afternoon|evening)|nachmittags|abends|mittags|de l apres midi|du soir|de la tarde"
    r"|de la noche|del pomeriggio|di sera|مساء|عصرا|ظهرا|بعد الظهر|م\b"
)
_CLOCK = r"uhr|h\b|heures?|horas?|o clock|hrs?\b"
_PHONE = re.compile(r"\+\d[\d \-/().]{6,}\d|\b0\d{2,5}[ \-/]\d[\d \-/]{3,}\d")
_PRICE = re.compile(rf"(?P<before>{_MONEY})\s?(?P<a>{_NUMBER})|(?P<b>{_NUMBER})\s?(?P<after>{_MONEY})(?!\w)")
_PERCENT = re.compile(rf"({_NUMBER})\s?(?:%|percent|per cent|prozent|pour cent|por ciento|per cento|بالمئه|٪|في المئه)")
_RANGE = re.compile(
    rf"(?<![\d.,:])(\d{{1,2}})(?:[:.](\d\d))?\s?(?:-|–|to|until|till|and|bis|und|a|al|hasta|alle|الي|حتي)\s?"
    rf"(?:la |las |le )?"
    rf"(\d{{1,2}})(?:[:.](\d\d))?\s?(?:(?P<am>{_AM})|(?P<pm>{_PM})|(?P<clock>{_CLOCK}))"
)
_TIME = re.compile(
    rf"(?<![\d.,:])(?P<h>\d{{1,2}})(?:(?P<sep>[:.]|\s?h\s?)(?P<m>\d\d)(?!\d))?\s?(?:(?P<am>{_AM})|(?P<pm>{_PM})|(?P<clock>{_CLOCK}))?"
)
_PLAIN = re.compile(_NUMBER)


def values(text: str) -> frozenset[Value]:
    """All values of a text, in any of our languages."""
    plain = _plain(text)
    found: set[Value] = set()
    for extract in (_phones, _prices, _percents, _ranges, _times):
        plain = extract(plain, found)
    found.update(Value("number", _decimal(m.group())) for m in _PLAIN.finditer(plain))
    found.update(_worded(plain))
    return frozenset(found)


def supported(claim: Value, evidence: frozenset[Value]) -> bool:
    """The evidence says this value."""
    if claim in evidence:
        return True
    if claim.kind == "time":
        # "Breakfast 7 to 10:30": a bare 7 is an hour there; and "3" beside no am/pm may be either.
        hour, minutes = divmod(int(claim.amount), 60)
        return minutes == 0 and Value("number", Decimal(hour)) in evidence
    if claim.kind == "number":
        return any(v.kind in ("money", "percent") and v.amount == claim.amount for v in evidence) or _is_hour(
            claim, evidence
        )
    return False


def _is_hour(claim: Value, evidence: frozenset[Value]) -> bool:
    whole = {int(v.amount) for v in evidence if v.kind == "time" and v.amount % 60 == 0}
    return any(h // 60 == claim.amount for h in whole)


def _phones(text: str, found: set[Value]) -> str:
    for match in _PHONE.finditer(text):
        found.add(Value("phone", Decimal(re.sub(r"\D", "", match.group()))))
    return _PHONE.sub(" ", text)


def _prices(text: str, found: set[Value]) -> str:
    for match in _PRICE.finditer(text):
        currency = _CURRENCIES[match["before"] or match["after"]]
        found.add(Value("money", _decimal(match["a"] or match["b"]), currency))
    return _PRICE.sub(" ", text)


def _percents(text: str, found: set[Value]) -> str:
    for match in _PERCENT.finditer(text):
        found.add(Value("percent", _decimal(match[1])))
    return _PERCENT.sub(" ", text)


def _ranges(text: str, found: set[Value]) -> str:
    """ "7 to 10 pm": the first hour takes the second's half of the day, unless that would turn the range round."""

    def take(match: re.Match[str]) -> str:
        first, second = int(match[1]), int(match[3])
        if first > 24 or second > 24:
            return match.group()
        late = _half(second, match)
        early = _half(first, match)
        early = first if early > late else early
        found.add(_at(early, match[2]))
        found.add(_at(late, match[4]))
        return " "

    return _RANGE.sub(take, text)


def _times(text: str, found: set[Value]) -> str:
    def take(match: re.Match[str]) -> str:
        hour = int(match["h"])
        told = match["am"] or match["pm"] or match["clock"] or (match["m"] and match["sep"] != ".")
        dotted = match["sep"] == "." and match["m"] and int(match["m"]) < 60 and hour < 25
        if hour > 24 or (match["m"] and int(match["m"]) > 59) or not (told or dotted):
            return match.group()
        found.add(_at(_half(hour, match), match["m"]))
        # "7.30" without a word beside it may be a time or an amount.
        return match.group() if dotted and not told else " "

    return _TIME.sub(take, text)


def _half(hour: int, match: re.Match[str]) -> int:
    if match["pm"] and hour < 12:
        return hour + 12
    return 0 if match["am"] and hour == 12 else hour


def _at(hour: int, minutes: str | None) -> Value:
    return Value("time", Decimal((hour * 60 + int(minutes or 0)) % 1440 if hour != 24 else 0))


def _worded(text: str) -> set[Value]:
    """Numbers written as words, from two on (one is an article in most languages), noon and midnight."""
    found = {Value("number", Decimal(_words()[w])) for w in re.findall(r"\w+", text) if w in _words()}
    if re.search(r"\b(?:noon|midday|mittag|midi|mediodia|mezzogiorno)\b", text):
        found.add(Value("time", Decimal(720)))
    if re.search(r"\b(?:midnight|mitternacht|minuit|medianoche|mezzanotte)\b|منتصف الليل", text):
        found.add(Value("time", Decimal(0)))
    return found


@cache
def _words() -> dict[str, int]:
    return {w: int(n) for n, entries in read_data("number_words").items() for w in _plain(entries).split()}


def _decimal(written: str) -> Decimal:
    bare = written.replace("'", "").replace("’", "")
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", bare):
        return Decimal(re.sub(r"[.,]", "", bare))
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+[.,]\d{1,2}", bare):
        return Decimal(re.sub(r"[.,](?=\d{3})", "", bare).replace(",", ".")).normalize()
    return Decimal(bare.replace(",", ".")).normalize()


def _plain(text: str) -> str:
    """Lower case, ASCII digits, no accents, apostrophes of words gone; signs of amounts kept."""
    lowered = unicodedata.normalize("NFKD", text.lower().replace("’", "'")).replace("ة", "ه").replace("ى", "ي")
    kept = "".join(c for c in lowered if not unicodedata.combining(c))
    kept = "".join(str(unicodedata.digit(c, c)) if c.isdigit() else c for c in kept).replace("٫", ".").replace("أ", "ا")
    return re.sub(r"(?<=[a-z])'(?=[a-z])", " ", kept)
