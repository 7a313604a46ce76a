"""Yes and no, as people and programs write them; case, blanks, ``-`` and ``_`` don't count."""

from __future__ import annotations

import re

import pandas as pd

YES = frozenset(
    ["yes", "y", "true", "t", "1", "1.0", "✓", "✔", "ja", "j", "wahr", "oui", "vrai", "si", "sí",
     "sì", "verdadero", "vero", "sim", "verdadeiro", "tak", "prawda", "ano", "да", "истина",
     "kyllä", "igen", "evet", "はい", "是"]
)  # fmt: skip
NO = frozenset(
    ["no", "n", "false", "f", "0", "0.0", "nein", "falsch", "non", "faux", "falso", "não", "nao",
     "nie", "fałsz", "ne", "нет", "ложь", "ei", "nem", "hayır", "nej", "nee", "いいえ", "否"]
)  # fmt: skip
#: What a catalogue may say of its stock, beside yes, no and a number.
IN_STOCK = YES | {
    "in stock", "instock", "available", "auf lager", "lagernd", "vorrätig", "verfügbar",
    "lieferbar", "en stock", "disponible", "disponibile", "disponível", "em estoque",
    "op voorraad", "på lager", "i lager", "dostępny", "skladem", "в наличии", "有货",
}  # fmt: skip
OUT_OF_STOCK = NO | {
    "out of stock", "outofstock", "not in stock", "not available", "unavailable", "sold out",
    "discontinued", "nicht auf lager", "nicht vorrätig", "nicht verfügbar", "nicht lieferbar",
    "ausverkauft", "vergriffen", "rupture de stock", "en rupture", "épuisé", "indisponible",
    "agotado", "sin stock", "no disponible", "esaurito", "non disponibile", "esgotado",
    "indisponível", "uitverkocht", "udsolgt", "niedostępny", "vyprodáno", "нет в наличии", "缺货",
}  # fmt: skip
_BETWEEN = re.compile(r"(?<=\w)[\s_-]+(?=\w)")
# "12", "3.0", "1,200", "10+", ">5", "-2"
_NUMBER = re.compile(r"[>≥]?\s*[-+]?\d[\d.,'’\s]*\+?")


def word(value) -> str:
    """A value as it is compared with answers; empty where it is missing."""
    # between letters only: -1 is no 1
    return "" if pd.isna(value) else _BETWEEN.sub(" ", str(value).strip()).lower()


def is_there(value) -> bool | None:
    """Whether something is in stock, or allowed; None where nobody can tell."""
    said = word(value)
    if said in IN_STOCK or said in OUT_OF_STOCK:
        return said in IN_STOCK
    if _NUMBER.fullmatch(text := str(value).strip()):
        return "-" not in text and re.search("[1-9]", text) is not None
    return None
