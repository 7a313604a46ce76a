"""What exports call things, in several languages; the lists stand in ``words.yaml``."""

from __future__ import annotations

import functools
import re
import unicodedata
from pathlib import Path

from helpers.packaged import packaged_yaml


@functools.cache
def words() -> dict:
    """The lists, as they are written."""
    return packaged_yaml(Path(__file__).parent / "words.yaml")


def squeezed(name) -> str:
    """A name as it is compared: without case, accents, blanks and signs; CustomerID = customer_id.

    Letters of other scripts stay.
    """
    text = unicodedata.normalize("NFKD", str(name)).casefold()
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text))


def without_table(name) -> str:
    """A name without what a join puts behind it: ``status`` for ``status (orders)``."""
    return re.sub(r"(?<=\S) \([^()]*\)$", "", str(name))


def parts_of(name) -> list[str]:
    """The words that a name consists of: ``lineitem``, ``sku`` of ``Lineitem sku``."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", str(name))
    text = unicodedata.normalize("NFKD", text).casefold()
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text))


def written_out(name) -> str:
    """A name as it is compared, its words not cut short: productdescription for ``prod_desc``."""
    long = words()["short_for"]
    return "".join(long.get(part, part) for part in parts_of(name))


@functools.cache
def ranks(ours: str) -> dict[str, int]:
    """Names that speak for one of our columns, and how clearly: 0 is the clearest."""
    found = {}
    for rank, name in enumerate(words()["columns"].get(ours, [])):
        found.setdefault(squeezed(name), rank)
    return found


@functools.cache
def squeezed_list(key: str) -> tuple[str, ...]:
    """A list of words as they are compared."""
    return tuple(squeezed(word) for word in words()[key])


def begins_like(text, key: str) -> bool:
    """Whether a value begins with one of a list's words."""
    return squeezed(text).startswith(squeezed_list(key))


def event_guess(text) -> str:
    """What a type of several words may mean: what exactly one kind of ours has a word of."""
    parts = parts_of(text)
    if set(parts) & {"remove", "removed", "delete", "deleted", "from"}:
        return ""
    meant = {meaning for part in parts if (meaning := event_meaning(part))}
    return meant.pop() if len(meant) == 1 else ""


def event_meaning(text) -> str:
    """Our event type for theirs; "purchase" for a purchase, empty if it is neither."""
    bare = squeezed(text)
    for ours, theirs in words()["event_types"].items():
        if bare in {squeezed(word) for word in theirs}:
            return ours
    return "purchase" if bare in squeezed_list("purchase_events") else ""
