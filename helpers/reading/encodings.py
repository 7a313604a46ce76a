"""Which encoding a text file has: from all of its bytes, since a preview misses the odd letter.

A byte-order mark decides; else UTF-8 if (nearly) all lines decode; else letters speak: the code
page in which the odd words are words of a language. Cp1252 is the commonest, and comes first where
nothing speaks against it.
"""

from __future__ import annotations

import codecs
import difflib
import encodings.aliases
import io
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from helpers.reading.errors import DataError

_MARKS = {  # the longer ones first: UTF-32's begins like UTF-16's
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# A file is looked at in blocks of whole lines; a longer line is no line of a table.
_BLOCK, _LONGEST_LINE = 4_000_000, 10_000_000
# So many different odd lines show their code page; very long ones are none.
_SAMPLE = 5_000

# Letters beyond a to z, by language, the commonest first; for each code page, in the order in
# which they are asked.
_WESTERN = ["üäößé", "éèàêçôîûùâïëœüÿæ", "óíáéñúü", "ãçáéíóêâúàô", "àèùòìéíóáîú", "äåöé",
            "øåæéóöäü", "ëéèïöüê", "àéòíèóçúïü"]  # fmt: skip
_CENTRAL = ["łóążęśćńź", "áíěéřčžýůšúťďňó", "áíčéšžýťúľôňäďóŕĺ", "áéőöóüíúű", "čšžćđ"]
_LATIN = {
    "cp1252": [*_WESTERN, "íáðéöþúóæý"],
    "cp1254": ["ıüşğçöâîû"],
    "cp1250": [*_CENTRAL, "ăţşîâ", "üäöß"],
    "cp1257": ["ėšųžįąčūę", "āīēšūņļžķģč", "äõüöšž"],
    "iso8859_2": _CENTRAL,
    "cp850": _WESTERN,
    "mac_roman": _WESTERN,
    "cp852": _CENTRAL,
}
# For shops that sell what has its name from all over the west.
_MIXED = {"cp1252": ["éüäöáóíèßñàçêúøåôâîãëïæ"]}
# The same for other scripts, the commonest letters first.
_OTHERS = {
    "cp1251": [
        "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё",
        "оаинвіертслкмудпязьбгчйхжїюєцшщфґ'",
        "аеионтсрвлкдпмузгяъбчйцжшхщфюь",
        "аеионтсрвјлкмупдгзбчшњљћжђцфџх",
    ],
    "cp1253": ["αοιετσνρηπκμλςυδγχθφβξζψωάέήίόύώϊϋΐΰ"],
    "koi8_u": ["оаинвіертслкмудпязьбгчйхжїюєцшщфґ'"],
    "mac_cyrillic": ["оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"],
    "iso8859_5": ["оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"],
    "koi8_r": ["оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"],
    "cp866": ["оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"],
    "cp1255": ["יולהאמרתשבנדקפחעכסגטצזםןךףץ"],
    "cp1256": ["اليمونرتبةعدسفهكقحجشطصخضذثزىءئأإآؤغظ"],
    "iso8859_6": ["اليمونرتبةعدسفهكقحجشطصخضذثزىءئأإآؤغظ"],
    "cp874": ["านรกอเงมยวลดสตทบปคหแจพชขใไโผถธศษซฟณญฐฉภฮฤฆฎฏฑฒฬุูิีึืั่้๊็์ะำๆฯ"],
}
# Scripts of two bytes a letter: where the first byte of a common letter lies, the least second
# one, and whether kana must be among them. gb18030 would take most of the others for its own.
_TWO_BYTES = [
    ("cp932", 0x81, 0x97, 0x40, True),
    ("euc_jp", 0xA1, 0xCF, 0xA1, True),
    ("cp949", 0xA1, 0xC8, 0xA1, False),
    ("big5", 0xA1, 0xC6, 0x40, False),
    ("gb18030", 0xA1, 0xD7, 0xA1, False),
    ("cp932", 0x88, 0x98, 0x40, False),
]
_WIDE_ENOUGH = 0.9
# Bits that a letter of no language has, and by which a code page must be better than cp1252.
_STRANGE, _CLEAR = 8, 6
# Between letters these are usual in any language.
_IN_WORDS = "'’‘`´·‐‑–-"
_WORD = re.compile(r"[®©°¦§¬¸±¾¼½×÷¶¯]?[^\W\d_][^\s,;|\"()<>/&+=0-9.:!?_*#%\[\]]*")


@dataclass
class Look:
    """What all bytes of a text file say.

    Attributes
    ----------
    encoding : str
        A Python codec name.
    odd_lines : int
        Lines that are not UTF-8.
    first_odd : list of int
        Numbers of the first of them.
    mixed : bool
        Whether as many lines are UTF-8, so that the odd ones are read for themselves.
    samples : list of str
        Words with letters outside ASCII, decoded; none where the encoding is beyond doubt.
    lines : int
    unended : bool
        Whether the last line has no end, so that there is one more.
    quoted, escaped, has_entities, has_equals, has_marks : bool
        Whether there is a quote, a backslash before one, an HTML entity, a value like ``="016"``, a
        byte-order mark at the beginning of another line than the first.
    """

    encoding: str = "utf-8"
    odd_lines: int = 0
    first_odd: list[int] = field(default_factory=list)
    mixed: bool = False
    samples: list[str] = field(default_factory=list)
    lines: int = 0
    unended: bool = False
    quoted: bool = False
    escaped: bool = False
    has_entities: bool = False
    has_equals: bool = False
    has_marks: bool = False


#: An HTML entity.
ENTITY = r"&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});"
_ENTITY = re.compile(ENTITY.encode())


def look_at(source, encoding: str | None = None) -> Look:
    """Read all bytes of a text file once, in bounded memory.

    Parameters
    ----------
    source : Source
    encoding : str, optional
        The user's; detected if left out.

    Raises
    ------
    DataError
        If the user's encoding is unknown or does not fit, or a line is too long for a table.
    """
    if encoding is not None:
        _check_name(encoding, source.name)
    with source.open() as handle:
        start = handle.read(4096)
    wide = encoding or next((name for mark, name in _MARKS.items() if start.startswith(mark)), None)
    wide = wide or unmarked(start)
    found = Look(encoding=wide or "utf-8")
    if wide and codecs.lookup(wide).name.startswith(("utf-16", "utf-32")):
        for _, block in _text_blocks(source, wide, encoding):
            _count(found, block.encode("utf-8", "replace"))
            found.has_marks |= "\n\ufeff" in block
        return found
    valid, odd = 0, Counter()
    with source.open() as handle:
        for block in _blocks(handle, source.name):
            at = found.lines
            _count(found, block)
            if block.isascii():
                continue
            found.has_marks |= b"\n" + codecs.BOM_UTF8 in block
            found.has_marks |= at > 0 and block.startswith(codecs.BOM_UTF8)
            if encoding:
                _check_block(block, encoding, at, source)
            elif _is_utf8(block):
                codes = np.frombuffer(block, np.uint8)
                valid += min(found.lines - at, int(np.count_nonzero(codes >= 0x80)))
            else:
                valid += _collect_odd(block, at, found, odd)
    if found.odd_lines and found.encoding != "utf-8-sig":
        # hardly a line in a code page is UTF-8 by chance: two exports were put together
        found.mixed = valid >= found.odd_lines
        if not found.mixed:
            text = b"\n".join(odd)
            found.encoding = code_page(text)
            found.samples = samples(text.decode(found.encoding, "replace"))
        else:
            found.samples = samples(b"\n".join(odd).decode("utf-8", BAD_BYTES))
    elif found.odd_lines:
        found.mixed = True
    return found


def unmarked(start: bytes) -> str | None:
    """UTF-16 or UTF-32 without a byte-order mark: by where the zeros of plain letters are."""
    for size, name in ((4, "utf-32"), (2, "utf-16")):
        rows = len(start) // size
        zeros = [start[at::size].count(0) for at in range(size)]
        if rows < 2:
            continue
        # commas, digits and ends of lines are plain letters in any language
        little = all(each > 0.2 * rows for each in zeros[1:]) and zeros[0] < 0.01 * rows
        big = all(each > 0.2 * rows for each in zeros[:-1]) and zeros[-1] < 0.01 * rows
        if little or big:
            return f"{name}-{'le' if little else 'be'}"
    return None


def samples(text: str, at_most: int = 3) -> list[str]:
    """The most frequent words that have letters outside ASCII; short ones say little."""
    words = _odd_words(text) or Counter(
        word for word in re.findall(r"[^\s,;|]+", text) if not word.isascii()
    )
    likely = sorted(words, key=lambda word: (len(word) < 3, -words[word]))
    return [word[:30] for word in likely[:at_most]]


def code_page(text: bytes) -> str:
    """The code page in which the odd words of a text are words of a language.

    Parameters
    ----------
    text : bytes
        Lines that are not UTF-8.
    """
    for name, first, last, second, kana in _TWO_BYTES:
        if _share_of_common(text, name, first, last, second, kana) >= _WIDE_ENOUGH:
            return name
    wrong, letters, likeness = {}, {}, {}
    for name, alphabets in (_LATIN | _OTHERS).items():
        decoded = text.decode(name, "replace")
        words = _odd_words(decoded)
        known = [set(letters) for letters in alphabets]
        latin = name in _LATIN
        wrong[name] = sum(n for word, n in words.items() if not _is_word(word, known, latin))
        # letters outside words say little, but undefined ones much
        wrong[name] += 2 * decoded.count("\ufffd") + len(re.findall(r"[\x80-\x9f]", decoded))
        letters[name] = sum(unicodedata.category(each)[0] in "LM" for each in decoded)
        if name in _OTHERS:
            likeness[name] = _likeness(words, alphabets)
    least = min(wrong.values())
    near = [name for name in wrong if wrong[name] <= least + 0.05 * least]
    if near[0] in _OTHERS:  # the same letters in another order are words of many code pages
        near = [n for n in wrong if n in _OTHERS and wrong[n] <= least + 0.2 * len(text.split())]
        most = max(letters[name] for name in near)
        # a page of whose letters some are signs here is another one
        return max((n for n in near if letters[n] >= 0.95 * most), key=likeness.get)
    near = [name for name in near if name in _LATIN and letters[name] >= letters[near[0]]]
    known = {name: _LATIN[name] + _MIXED.get(name, []) for name in near}
    surprise = {name: _surprise(text.decode(name, "replace"), known[name]) for name in near}
    # the commonest by far: what speaks for another must be clear
    return min(near, key=lambda name: surprise[name] + _CLEAR * (name != "cp1252"))


def _odd_words(text):
    """Words that have letters outside ASCII, and how often."""
    words = Counter(word for word in _WORD.findall(text) if not word.isascii())
    return Counter({word: n for word, n in words.items() if len(word) > 1 or word.isalpha()})


def _is_word(text, alphabets, latin):
    """Whether a word, or several with a hyphen, may be one of the languages of a code page."""
    for word in re.split(f"[{_IN_WORDS}]", text.rstrip("®™©°²³¹ªº")):
        letters = _odd_letters(word)
        plain = any(map(str.isascii, word))
        # letters of another script, or a capital inside, are no spelling
        if latin and not plain and len(word) > 1 or not latin and plain and letters:
            return False
        capital = any(each.isupper() and not each.isascii() for each in word[1:])
        if capital and word != word.upper():
            return False
        # the one letter ends words only, the other begins them
        if "ς" in word[:-1] or "þ" in word[1:]:
            return False
        if not any(letters <= known for known in alphabets):
            return False
    return True


def _odd_letters(text):
    """Which are outside ASCII; in the west of Europe õ stands before e only (``botões``)."""
    return {each for each in text.lower().replace("õe", "e") if not each.isascii()}


def _surprise(text, alphabets):
    """How odd the letters are that occur, in bits, for the language in which they are least so.

    Several languages of a code page may explain each word, and yet all of the letters are those of
    one language of another page: ``Vevõ, Fûszer`` are Portuguese and French, or Hungarian.
    """
    letters = set(filter(str.isalpha, _odd_letters(text)))
    return min(
        sum(math.log2(2 + known.find(each)) if each in known else _STRANGE for each in letters)
        for known in alphabets
    )


def _likeness(words, alphabets):
    """How often the letters are among the commonest of a language: about two thirds if they are."""
    letters = Counter()
    for word, n in words.items():
        for letter in word.lower():
            if not letter.isascii():
                letters[letter] += n
    most = max(sum(letters[each] for each in known[:10]) for known in alphabets)
    return most / max(sum(letters.values()), 1)


def _share_of_common(text, name, first, last, second, kana):
    """The share of common ones among two-byte letters; 0 where the text does not decode."""
    try:
        decoded = text.decode(name)
    except UnicodeDecodeError:
        return 0
    letters = [each for each in decoded if not each.isascii()]
    if kana and not any("\u3040" <= each <= "\u30ff" for each in letters):
        return 0
    # beside a small Latin letter stands one of its word: no script of two bytes
    mixed = len(re.findall(r"[a-z][^\x00-\x7f]|[^\x00-\x7f][a-z]", decoded))
    pairs = [each.encode(name) for each in letters]
    common = sum(len(two) == 2 and first <= two[0] <= last and two[1] >= second for two in pairs)
    return (common - mixed) / max(len(pairs), 1)


#: Name of the way in which bytes that are not UTF-8 are read one by one.
BAD_BYTES = "helpers.cp1252"
codecs.register_error(
    BAD_BYTES,
    lambda error: (error.object[error.start : error.end].decode("cp1252", "replace"), error.end),
)


def _check_name(encoding, name):
    try:
        known = codecs.lookup(encoding)._is_text_encoding
    except (LookupError, ValueError):
        known = False
    if not known:
        names = sorted(set(encodings.aliases.aliases) | set(encodings.aliases.aliases.values()))
        near = difflib.get_close_matches(encoding.lower().replace("-", "_"), names, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise DataError(
            f"{name}: {encoding[:60]!r} is not the name of an encoding.{hint} Leave `encoding` "
            "out to have it detected."
        )


def _check_block(block, encoding, lines_before, source):
    try:
        block.decode(encoding)
    except UnicodeDecodeError as error:
        line = lines_before + _count_lines(block[: error.start]) + 1
        raise _does_not_fit(
            encoding, f"byte 0x{block[error.start]:02X} in line {line:,}", source
        ) from None
    except UnicodeError as error:
        raise _does_not_fit(encoding, str(error)[:100], source) from None


def _does_not_fit(encoding, why, source):
    found = look_at(source)
    words = f", read as {listed_words(found.samples)}" if found.samples else ""
    return DataError(
        f"{source.name} is not {encoding} ({why} is none of its letters). What fits is "
        f"{found.encoding}{words}: set `encoding` under `cleaning` to it, or leave it out."
    )


def listed_words(words: list[str]) -> str:
    """Samples for a report."""
    return ", ".join(map(repr, words))


def _text_blocks(source, wide, given):
    """Blocks of decoded text of an encoding with several bytes for plain letters."""
    try:
        with source.open() as handle:
            text = io.TextIOWrapper(handle, wide, newline="")
            at, since = 0, 0
            while block := text.read(_BLOCK):
                ends = max(block.rfind("\n"), block.rfind("\r"))
                since = len(block) - ends if ends >= 0 else since + len(block)
                if since > _LONGEST_LINE:
                    raise _too_long(source.name)
                yield at, block
                at += len(block)
    except UnicodeError as error:
        if given:
            raise _does_not_fit(given, str(getattr(error, "reason", error)), source) from None
        raise DataError(
            f"{source.name} looks like {wide} and is damaged ({error.reason}). Set `encoding` "
            "under `cleaning` to what wrote the file, or save it as UTF-8."
        ) from None


def _blocks(handle, name) -> Iterator[bytes]:
    """A file in blocks that end where a line ends."""
    rest = b""
    while read := handle.read(_BLOCK):
        block = rest + read
        end = block.rfind(b"\n") + 1 or block.rfind(b"\r", 0, len(block) - 1) + 1
        if not end and len(block) > _LONGEST_LINE:
            raise _too_long(name)
        if end:
            yield block[:end]
        rest = block[end:]
        if len(rest) > _LONGEST_LINE:
            raise _too_long(name)
    if rest:
        yield rest


def _too_long(name):
    return DataError(
        f"{name} has a line of more than {_LONGEST_LINE // 1_000_000} million characters: that is "
        "no table, or its lines don't end. Export it again as CSV."
    )


def _count(found, block):
    found.lines += _count_lines(block)
    found.unended = not block.endswith((b"\n", b"\r"))
    found.quoted = found.quoted or b'"' in block
    found.escaped = found.escaped or (found.quoted and b'\\"' in block)
    found.has_entities = found.has_entities or _ENTITY.search(block) is not None
    found.has_equals = found.has_equals or (found.quoted and b'="' in block)


def _count_lines(block):
    codes = np.frombuffer(block, np.uint8)  # many times faster than counting in the bytes
    feeds = int(np.count_nonzero(codes == 10))
    returns = int(np.count_nonzero(codes == 13))
    pairs = returns if returns == feeds and block.endswith(b"\r\n") else block.count(b"\r\n")
    return feeds + returns - (pairs if returns else 0)


def _collect_odd(block, at, found, odd):
    """Count a block's lines that are not UTF-8, keep some, and count those that are."""
    valid, end, number = 0, 0, at
    for match in re.finditer(rb"[\x80-\xff][^\r\n]*", block):
        start = max(block.rfind(mark, end, match.start()) for mark in (b"\n", b"\r")) + 1
        start = max(start, end)
        line = block[start : match.end()]
        number += _count_lines(block[end:start])
        end = match.end()
        if _is_utf8(line):
            valid += 1
            continue
        found.odd_lines += 1
        if len(found.first_odd) < 3:
            found.first_odd.append(number + 1)
        if len(odd) < _SAMPLE and len(line) < _SAMPLE:
            odd[line] += 1
    return valid


def _is_utf8(line):
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
