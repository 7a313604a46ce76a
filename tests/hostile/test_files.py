"""From bytes to tables: each test is one way in which shops' files are odd, on inputs made here."""

import bz2
import gzip
import json
import lzma
import os
import random
import tracemalloc
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import data
from helpers.reading.columns import plain_name
from helpers.reading.encodings import code_page, look_at
from helpers.reading.files import DataError, TextFile, input_files
from helpers.reading.packed import sources
from tests.common import thorough

HEADER = "customer_id,product_id,transaction_date,product_name\n"


def lines_of(names, n=40, separator=","):
    """Rows of a small shop, with a product name each."""
    rows = [
        separator.join([f"C{i % 15:03d}", f"P{i % 8}", f"{i % 27 + 1:02d}-01-2024",
                        names[i % len(names)]]) for i in range(n)
    ]  # fmt: skip
    return HEADER.replace(",", separator) + "\n".join(rows) + "\n"


def read(tmp_path, content, name="shop.csv", **options):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return data.read_transactions(path, **options)


def sentence(tmp_path, content, name="shop.csv", **options):
    with pytest.raises(DataError) as caught:
        read(tmp_path, content, name, **options)
    said = str(caught.value)
    assert len(said) <= 600 and name.split(".")[0] in said
    return said


# encodings

TEXTS = {
    "cp1252": [
        ["Crème hydratante", "Pâte à crêpe", "Thé à la pêche"], ["Käse"], ["Crème"],
        ["Brötchen", "Weißwein", "Öl", "Äpfel"], ["Jalapeño", "Camión", "Cañón"],
        ["Pão de açúcar", "Feijão", "Botões"], ["Rødgrød", "Æble"], ["Blåbär", "Smör"],
        ["Tea £5", "Mug £3"], ["Käse", "Crème", "Jalapeño", "Smør", "½ litre", "Women’s shirt"],
    ],
    "cp1250": [
        ["Żółty kubek", "Łódka", "Świeca", "Książka"], ["Příbor", "Káva", "Čaj", "Žlutý hrnek"],
        ["Bőr táska", "Fűszer", "Sütőtök"],
               ["Vevő", "Termék", "Győző", "Jenő"], ["Pâine", "Brânză", "Ţuică", "Ştefan"],
               ["Žlica", "Čaša", "Kuća"],
    ],
    "cp1254": [["Çay fincanı", "Işık", "Yeşil bardak", "Ağaç"]],
    "cp1257": [["Ąžuolas", "Šaukštas", "Čiužinys", "Gėlės"],
               ["Pircējs", "Šķīvis", "Tēja", "Ķirši"]],
    "cp1251": [["Чай зелёный", "Кружка", "Свеча"], ["ЧАЙ ЗЕЛЕНЫЙ", "КРУЖКА"],
               ["Чашка", "Свічка", "Їжа", "Ґудзик"],
               ["Дата", "Номер заказа", "Клиент", "Иванов"], ["Чаша", "Свещ", "Ябълка"]],
    "mac_cyrillic": [["Чай зелёный", "Кружка", "Свеча", "Тарелка"]],
    "iso8859_5": [["Чай зелёный", "Кружка", "Свеча", "Тарелка"]],
    "koi8_u": [["Чашка", "Свічка", "Їжа", "Шевченко"]],
    "cp1256": [["كوب أبيض", "شاي أخضر", "قهوة"]],
    "iso8859_6": [["كوب أبيض", "شاي أخضر", "قهوة"]],
    "cp1253": [["Καφές", "Τσάι", "Πράσινο φλιτζάνι"]],
    "cp1255": [["תה ירוק", "ספל", "נר ריחני"]],
    "koi8_r": [["Чай зелёный", "Кружка", "Свеча"]],
    "cp850": [["Crème brûlée", "Pâte", "Käse"]],
    "mac_roman": [["Crème brûlée", "Pâte", "Weißwein"]],
    "iso8859_2": [["Żółty kubek", "Łódka", "Świeca", "Książka"],
                  ["Zboží", "Jiří", "Šálek", "Lžíce", "Ťažký"]],
    "cp932": [["抹茶セット", "ウールの帽子", "ノート"],
              ["顧客番号", "商品名", "緑茶", "日本酒", "醤油"]],
    "euc_jp": [["抹茶セット", "ウールの帽子", "ノート"]],
    "gb18030": [["绿茶", "陶瓷杯子", "香薰蜡烛", "红色的书包"]],
    "big5": [["綠茶", "陶瓷杯子", "香薰蠟燭", "紅色的書包"]],
    "euc_kr": [["녹차", "머그컵", "빨간 가방"]],
}  # fmt: skip


@pytest.mark.parametrize(("encoding", "names"), [(e, n) for e in TEXTS for n in TEXTS[e]])
def test_a_code_page_is_known_by_its_words(tmp_path, encoding, names):
    table, report = read(tmp_path, lines_of(names).encode(encoding))
    assert set(table["product_name"]) == set(names)
    assert report.findings["lines that are not UTF-8"] > 0
    shown = report.findings["letters outside ASCII"].strip("'").split("', '")
    assert 1 <= len(shown) <= 3 and all(any(word in name for name in names) for word in shown)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be",
                                      "utf-16", "utf-32", "utf-8-sig"])  # fmt: skip
@pytest.mark.parametrize("names", [["Tea"], ["Чай", "Käse"], ["綠茶", "陶瓷杯子"]])
def test_wide_encodings_with_and_without_a_mark(tmp_path, encoding, names):
    table, report = read(tmp_path, lines_of(names).encode(encoding))
    assert set(table["product_name"]) == set(names)
    assert report.findings["encoding"] == encoding


def test_one_bad_byte_leaves_the_other_lines_as_they_are(tmp_path):
    content = lines_of(["Käse", "Crème"]).encode()
    lines = content.split(b"\n")
    lines[7] = lines[7].replace("è".encode(), b"\xe8").replace("ä".encode(), b"\xe4")
    lines[11] += b" \xff"  # a line with good letters and a bad one
    table, report = read(tmp_path, b"\n".join(lines))
    assert set(table["product_name"]) == {"Käse", "Crème", "Käse ÿ"}
    assert report.findings["lines that are not UTF-8"] == 2
    assert report.findings["lines read as cp1252, the rest as UTF-8"] == "8, 12"


@pytest.mark.parametrize("first", ["utf-8", "cp1252"])
def test_two_exports_put_together_keep_their_letters(tmp_path, first):
    """Of 80 lines half are UTF-8 and half cp1252; none becomes noise."""
    then = {"utf-8": "cp1252", "cp1252": "utf-8"}[first]
    one, other = lines_of(["Käse", "Öl"]), lines_of(["Weißwein"]).removeprefix(HEADER)
    table, report = read(tmp_path, one.encode(first) + other.encode(then))
    assert set(table["product_name"]) == {"Käse", "Öl", "Weißwein"}
    assert report.findings["lines that are not UTF-8"] == 40


def test_lines_of_utf8_in_other_blocks_count_too(tmp_path, monkeypatch):
    monkeypatch.setattr("helpers.reading.encodings._BLOCK", 500)
    text = lines_of(["Käse"], 2_000).encode() + lines_of(["Öl"], 1_500)[len(HEADER) :].encode(
        "cp1252"
    )
    path = tmp_path / "shop.csv"
    path.write_bytes(text)
    found = look_at(sources(path)[0])
    assert found.mixed and found.odd_lines == 1_500


def test_a_header_of_noise_names_the_key_to_set(tmp_path):
    said = sentence(tmp_path, "顧客番号,商品名,注文日\n田中,緑茶,1\n".encode("euc_jp"))
    assert "set `encoding` under `cleaning`" in said


def test_an_odd_letter_far_down_is_found(tmp_path):
    text = HEADER.encode() + b"".join(b"C%d,P%d,01-01-2024,Tea\n" % (i, i % 9) for i in range(9000))
    table, _ = read(tmp_path, text + b"C1,P1,02-01-2024,Caf\xe9\n")
    assert table["product_name"].iloc[-1] == "Café"


def test_an_encoding_that_does_not_fit_or_is_none(tmp_path):
    content = lines_of(["Tea", "Crème"]).encode("cp1252")
    said = sentence(tmp_path, content, encoding="utf-8")
    assert "line 3" in said and "cp1252" in said and "'Crème'" in said
    said = sentence(tmp_path, content, encoding="utf-16")
    assert "utf-16" in said and "None" not in said
    assert "Did you mean 'cp1252'" in sentence(tmp_path, content, encoding="cp-1252")
    assert "not the name of an encoding" in sentence(tmp_path, content, encoding="base64")
    assert "not the name of an encoding" in sentence(tmp_path, content, encoding="a\0b")
    table, _ = read(tmp_path, content, encoding="cp1250")  # the user's word counts
    assert "Crčme" in set(table["product_name"])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(sorted({n for t in TEXTS["cp1252"] for n in t})), min_size=1))
def test_western_names_stay_western(names):
    text = "\n".join(names)
    try:
        content = text.encode("cp1252")
    except UnicodeEncodeError:
        return
    if not content.isascii():
        assert content.decode(code_page(content)) == text


# what cells hold


def test_entities_are_decoded_and_counted(tmp_path):
    names = ["Salt &amp; Pepper", "Caf&#233; &#x2014; noir", "R&D; or &copy", "Tea &nosuch; x"]
    table, report = read(tmp_path, lines_of(names))
    assert {"Salt & Pepper", "Café — noir", "R&D; or &copy", "Tea &nosuch; x"} == set(
        table["product_name"]
    )
    assert report.findings["HTML entities decoded"] == 20
    assert "HTML entities decoded" not in read(tmp_path, lines_of(["Q&A; x", "a & b;"]))[1].findings


def test_values_protected_from_excel(tmp_path):
    content = lines_of(["Tea"]).replace("C0", '="0').replace(",P", '",P')
    table, report = read(tmp_path, content)
    assert set(table["customer_id"]) == {f"{n:03d}" for n in range(15)}
    assert report.findings['values written as ="..."'] == 40
    quoted = lines_of(["Tea"]).replace("C0", '"=""0').replace(",P", '""",P')
    assert set(read(tmp_path, quoted)[0]["customer_id"]) == {f"{n:03d}" for n in range(15)}


# quotes


@pytest.mark.parametrize("name", [r'"Monitor 15\""', r'"\"Best\" tea, green"', r'"A \"b\", c"'])
def test_backslashes_before_quotes(tmp_path, name):
    table, report = read(tmp_path, lines_of(['"Tea"', name]))
    assert report.read == 40 and report.kept == 40
    meant = name[1:-1].replace('\\"', '"')
    assert set(table["product_name"]) == {"Tea", meant}
    middle = HEADER.replace("product_name", "x").replace("product_id", "product_name") + "".join(
        f"C{i},{name},{i % 27 + 1:02d}-01-2024,P{i % 7}\n" for i in range(30)
    )
    table, report = read(tmp_path, middle, columns={"x": "product_id"})
    assert report.read == 30 and set(table["product_name"]) == {meant}


@pytest.mark.parametrize("name", [r'"a \"b\""', "Tea"])
def test_what_mysql_writes_for_nothing_is_nothing(tmp_path, name):
    content = lines_of([name]) + "\\N,P1,01-01-2024,Tea\nC1,P1,02-01-2024,\\N\n"
    table, report = read(tmp_path, content)
    assert report.rejected == {"no customer id": 1}
    assert table["product_name"].isna().tolist() == [False] * 40 + [True]


def test_a_backslash_before_a_closing_quote_may_be_one(tmp_path):
    table, report = read(tmp_path, lines_of(['"C:\\tea\\"', '"mug, red"']))
    assert report.read == 40 and set(table["product_name"]) == {"C:\\tea\\", "mug, red"}


def with_line(at, line, rows=400, name="Tea"):
    lines = lines_of([name], rows).splitlines()
    lines[at - 1] = line
    return "\n".join(lines) + "\n"


def test_a_quote_that_swallows_lines_is_said_with_its_line(tmp_path):
    opened = 'C001,P1,05-01-2024,"Tea'
    closed = with_line(11, opened).replace("C001,P0,14-01-2024,Tea", 'C001,P0,14-01-2024,Tea"')
    for content in (
        with_line(11, opened),  # never closed
        closed,  # by an inch mark far below
        with_line(11, opened, name='"Mug"'),  # by the next line's own quote
        with_line(2, 'C001,"P1,05-01-2024,Tea', name='"Mug, ""red"""'),
    ):
        said = sentence(tmp_path, content)
        line = 2 if 'C001,"P1' in content else 11
        assert "quotation mark" in said and f"line {line} " in said, said


@pytest.mark.parametrize(
    "name",
    ['"two\nlines"', '"Big, red, round\nmug, with, handle"', '"a\n\nb\nc ""quoted"" d"',
     '"Floor 2, Town, County, Country\nStreet, No, Zip, Town\nx"', '"Mug\r\nred"',
     '"12, 3, 4, 5\n12, 3, 4, 5\n"'],
)  # fmt: skip
def test_a_value_over_several_lines_is_legal(tmp_path, name):
    table, report = read(tmp_path, lines_of([name, "Tea"]))
    assert report.read == 40 and report.kept == 40
    assert {each.strip() for each in table["product_name"]} == {
        "Tea", name[1:-1].replace('""', '"').strip()
    }  # fmt: skip
    breaks = sum(name.count(mark) for mark in "\n") * 20
    assert report.findings["line breaks inside values"] == breaks


def rows_behind_names(names, notes=0):
    """A shop whose first column is a text."""
    after = ["ok,"] * notes
    lines = [
        f"{names[i % len(names)]},{''.join(after)}C{i % 9},P{i},{i % 27 + 1:02d}-01-2024"
        for i in range(40)
    ]
    header = ["product_name", *(f"note_{n}" for n in range(notes)), *HEADER.split(",")[:3]]
    return "\n".join([",".join(header), *lines, ""])


def test_the_tail_of_a_value_over_several_lines_is_no_row(tmp_path):
    table, report = read(tmp_path, rows_behind_names(['"Mug\nblue"', '"inch"""']))
    assert report.read == report.kept == 40
    assert set(table["product_name"]) == {"Mug\nblue", 'inch"'}


def test_a_remark_with_as_many_commas_is_no_row(tmp_path):
    name = '"please, read' + "\n" + ",".join(["so"] * 12) + '\nthank you"'
    table, report = read(tmp_path, rows_behind_names(["mug", name], notes=8))
    assert report.read == report.kept == 40
    assert set(table["product_name"]) == {"mug", name.strip('"')}


def test_values_over_several_lines_in_every_row_are_legal(tmp_path):
    address = '"Main Street 5\nFlat 2, left, 2nd floor, at the back\nTown"'
    table, report = read(tmp_path, lines_of([address]))
    assert report.read == report.kept == 40 and "Flat 2" in table["product_name"][0]
    assert report.findings["line breaks inside values"] == 80


# lines before, between and behind


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;"])
def test_a_line_that_names_the_separator(tmp_path, first):
    text = f"{first}\r\n" + lines_of(["a,b,c,d,e,f"], separator=";").replace("\n", "\r\n")
    table, report = read(tmp_path, text)
    assert report.read == 40 and set(table["product_name"]) == {"a,b,c,d,e,f"}
    bad = text.replace("03-01-2024", "soon", 1)
    assert read(tmp_path, bad)[1].examples["unreadable date"] == [5]


@pytest.mark.parametrize(
    ("before", "row"),
    [
        ("# ------\n# My shop\n# 2023\n# ------\n\n", 6),
        ("Sales report\n\n", 3),
        ("Report;;;\nPeriod;2023;;\n", 3),
        ("Shop,\n", 2),
    ],
)
def test_lines_before_the_header(tmp_path, before, row):
    separator = ";" if ";" in before else ","
    content = before + lines_of(["Tea"], separator=separator)
    said = sentence(tmp_path, content)
    assert f"the header seems to be in row {row}: set `header_row: {row}` under `cleaning`" in said
    _, report = read(tmp_path, content, header_row=row)
    assert report.kept == report.read == 40
    bad = content.replace("01-01-2024", "soon", 1)
    assert read(tmp_path, bad, header_row=row)[1].examples["unreadable date"] == [row + 1]
    assert "header_row" in sentence(tmp_path, content, header_row=500)


@pytest.mark.parametrize("tags", ["b;c;d;e;f;g;h;i", "Mug|Blue|Large|XL|Y|Z|W|V"])
def test_a_text_with_separators_of_another_kind_is_no_header(tmp_path, tags):
    text = lines_of(["", tags, "a mug"])
    table, report = read(tmp_path, text)
    assert report.read == report.kept == 40 and table["product_name"][1] == tags
    assert "no column" in sentence(tmp_path, "order,sku,note\nx,,b;c\n")


def test_blank_lines_before_the_header_are_no_matter(tmp_path):
    _, report = read(tmp_path, "\n\n" + lines_of(["Tea"]).replace("02-01-2024", "soon", 1))
    assert report.kept == 39 and report.examples["unreadable date"] == [5]


def test_a_quote_that_opens_behind_a_blank(tmp_path):
    text = "".join(line.replace(",", ", ") + "\n" for line in lines_of(["M"]).splitlines())
    table, report = read(tmp_path, text.replace(", M", ', "Mug, ""blue"""'))
    assert report.read == report.kept == 40 and set(table["product_name"]) == {'Mug, "blue"'}


@pytest.mark.parametrize("spared", [0, 1])
def test_lines_that_stand_in_quotes_as_a_whole_are_said(tmp_path, spared):
    lines = lines_of(["Mug"]).splitlines()
    text = "\n".join(lines[:spared] + [f'"{line}"' for line in lines[spared:]])
    assert "each line as a whole stands in quotes" in sentence(tmp_path, text)


def test_a_first_row_of_several_lines_loses_no_field(tmp_path):
    text = HEADER + 'C1,P1,01-01-2024,"a\nb",lost\n' + lines_of(["Mug"]).removeprefix(HEADER)
    assert "line 2 has 5 fields" in sentence(tmp_path, text)


def test_files_put_together_with_their_headers(tmp_path):
    text = "".join(lines_of(["Mug"], n).replace("C0", f"D{n}") for n in (3, 2, 1))
    table, report = read(tmp_path, text)
    assert (report.read, report.kept, report.rejected) == (8, 6, {"empty row": 2})
    assert report.findings["lines that repeat the header, read as empty"] == 2


@pytest.mark.parametrize(
    "header",
    ["product_id,customer_id,transaction_date,product_name",  # the same, in another order
     "transaction_date,Product_ID,customer_id,product_name", "product_id,customer_id,day",
     "order,customer_id,product_id,transaction_date,product_name,price"],
)  # fmt: skip
def test_a_second_header_with_columns_in_another_order_is_said(tmp_path, header):
    text = lines_of(["Mug"], 80) + header + "\n" + "P1,C1,02-01-2024\n" * 2
    said = sentence(tmp_path, text)
    assert "line 82 is a header of its own" in said and header.replace(",", ", ") in said
    if header.count(",") < 4:
        cells = pd.Series(text.splitlines()).str.split(",", expand=True)
        cells.to_excel(tmp_path / "shop.xlsx", index=False, header=False)
        with pytest.raises(DataError, match="line 82 is a header of its own"):
            data.read_transactions(tmp_path / "shop.xlsx")


@pytest.mark.parametrize("quote", ["", '"'])
def test_files_put_together_with_their_byte_order_marks(tmp_path, quote):
    names = [f"{quote}{name}{quote}" for name in HEADER.strip().split(",")]
    again = "\ufeff" + ",".join(names) + "\n"
    _, report = read(tmp_path, lines_of(["Mug"], 3) + again + "D1,P1,02-01-2024,Mug\n")
    assert (report.kept, report.rejected) == (4, {"empty row": 1})
    # a part without a header, and in an encoding of two bytes
    text = lines_of(["Mug"], 3) + f"\ufeff{quote}C000{quote},P7,02-01-2024,Mug\n"
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        table, report = read(tmp_path, text.encode(encoding))
        assert (table["customer_id"] == "C000").sum() == 2 and report.kept == 4


def test_a_row_that_is_named_like_columns_is_no_header(tmp_path):
    _, report = read(tmp_path, with_line(9, "C1,P1,soon,product_id", 40))
    assert (report.kept, report.rejected) == (39, {"unreadable date": 1})


def test_rows_with_more_fields_than_the_header(tmp_path):
    table, report = read(tmp_path, with_line(9, "C1,P1,02-01-2024,Tea,,,", 40))
    assert report.kept == 40
    tails = lines_of(["Tea"]).replace("Tea\n", "Tea,,\n")
    assert read(tmp_path, tails)[1].kept == 40
    assert "line 9" in sentence(tmp_path, with_line(9, "C1,P1,02-01-2024,Tea,red", 40))
    assert "line 900" in sentence(tmp_path, with_line(900, "C1,P1,02-01-2024,Tea,red", 1_000))
    tail = with_line(900, "C1,P1,02-01-2024,Tea,,,", 1_000)
    try:
        assert read(tmp_path, tail)[1].kept == 1_000
    except DataError as error:
        assert "line 900" in str(error)


# no tables


@pytest.mark.parametrize("name", ["shop.xls", "shop.csv", "shop.csv.gz"])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<html><table><tr><td>customer_id</td></tr></table>", "web page"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html>\n<p>", "web page"),
        (b'<?xml version="1.0"?><Workbook>', "XML"),
        (json.dumps([{"customer_id": 1}]).encode(), "JSON"),
        (b'{"customer_id": 1}\n{"customer_id": 2}\n', "JSON"),
        (b"%PDF-1.7\n%\xe2\xe3", "PDF"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "image"),
        (random.Random(0).randbytes(5_000), "no text"),
        (b"SQLite format 3\0" + bytes(100), "SQLite"),
        (b"PK\x03\x04" + bytes(500), "damaged"),
    ],
)
def test_what_is_no_table_is_said(tmp_path, name, content, words):
    content = gzip.compress(content) if name.endswith("gz") else content
    said = sentence(tmp_path, content, name)
    assert words in said or (name.endswith("gz") and "PK" not in said and "could not" in said)


def frame():
    return pd.read_csv(pd.io.common.StringIO(lines_of(["Tea", "Mug"])), dtype=str)


def packed_forms(folder):
    text = lines_of(["Tea", "Mug"]).encode()
    with zipfile.ZipFile(folder / "z", "w") as archive:
        archive.writestr("a.csv", text)
    frame().to_excel(folder / "x.xlsx", index=False)
    frame().to_parquet(folder / "p")
    return {
        "gz": gzip.compress(text), "bz2": bz2.compress(text), "xz": lzma.compress(text),
        "zip": (folder / "z").read_bytes(), "xlsx": (folder / "x.xlsx").read_bytes(),
        "parquet": (folder / "p").read_bytes(), "twice": gzip.compress(lzma.compress(text)),
        "xlsx.gz": gzip.compress((folder / "x.xlsx").read_bytes()),
        "parquet.gz": gzip.compress((folder / "p").read_bytes()), "plain": text,
    }  # fmt: skip


@pytest.mark.parametrize("ending", [".csv", ".xls", ".gz", ".parquet", ".dat"])
def test_the_content_counts_and_not_the_ending(tmp_path, ending):
    expected, _ = read(tmp_path, lines_of(["Tea", "Mug"]))
    for kind, content in packed_forms(tmp_path).items():
        table, _ = read(tmp_path, content, f"shop{ending}")
        pd.testing.assert_frame_equal(table, expected, check_dtype=False, obj=kind)


# workbooks


def workbook(path, **sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name.replace("_", " "))
        for row in rows:
            sheet.append(row)
        sheet.sheet_state = "hidden" if name.startswith("hidden") else "visible"
    book.save(path)
    return path


def cells(n=20, first=0):
    head = ["customer_id", "product_id", "transaction_date"]
    return [head] + [[f"C{i}", f"P{i % 5}", f"{i % 27 + 1:02d}-01-2024"]
                     for i in range(first, first + n)]  # fmt: skip


def test_sheets_that_are_alike_are_parts(tmp_path):
    path = workbook(tmp_path / "a.xlsx", January=cells(), hidden=[["x"], [1]], Empty=[])
    assert data.read_transactions(path)[1].read == 20
    path = workbook(tmp_path / "a.xlsx", January=cells(), February=cells(7, 30))
    _, report = data.read_transactions(path)
    assert report.read == 27
    assert "January" in report.findings["format"] and "February" in report.findings["format"]


def test_sheets_that_differ_are_asked_about(tmp_path):
    path = workbook(tmp_path / "a.xlsx", Notes=[["note"], ["x"]], All_Orders=cells())
    with pytest.raises(DataError, match="2 sheets that differ: Notes, All Orders. Set `sheet`"):
        data.read_transactions(path)
    assert data.read_transactions(path, sheet="all orders")[1].read == 20
    with pytest.raises(DataError, match="has no sheet 'Order'; it has: Notes, All Orders"):
        data.read_transactions(path, sheet="Order")
    (tmp_path / "a.csv").write_text(lines_of(["Tea"]))
    with pytest.raises(DataError, match="no workbook"):
        data.read_transactions(tmp_path / "a.csv", sheet="Order")


def test_a_workbooks_header(tmp_path):
    twice = [[*row, row[0]] for row in cells()]
    with pytest.raises(DataError, match="the header has 'customer_id' more than once"):
        data.read_transactions(workbook(tmp_path / "a.xlsx", S=twice))
    path = workbook(tmp_path / "a.xlsx", S=[["My shop"], [], ["Period", 2024], *cells()])
    with pytest.raises(DataError, match="seems to be in row 4: set `header_row: 4`"):
        data.read_transactions(path)
    rows = [["My shop"], [], ["Period", 2024], *cells()]
    rows[5][2] = "soon"
    workbook(path, S=rows)
    _, report = data.read_transactions(path, header_row=4)
    assert report.read == 20 and report.examples["unreadable date"] == [6]
    with pytest.raises(DataError, match="no text in that row"):
        data.read_transactions(path, header_row=2)


def test_cells_keep_what_they_are(tmp_path):
    rows = [["customer_id", "product_id", "transaction_date", "product_name", "unit_price"]]
    values = [(17850, "NA"), ("017850", "a &amp; b"), (1.5, "x"), ("c2", "y")]
    rows += [[c, 7, pd.Timestamp("2024-01-05 10:00"), n, 2.25] for c, n in values]
    rows += [["c", "p", pd.Timestamp("2024-01-06").date(), "n", "2.5"]]
    table, report = data.read_transactions(workbook(tmp_path / "a.xlsx", S=rows))
    assert table["customer_id"].tolist() == ["17850", "017850", "1.5", "c2", "c"]
    assert table["product_id"].tolist() == ["7"] * 4 + ["p"]
    assert table["product_name"].tolist() == ["NA", "a & b", "x", "y", "n"]
    assert table["unit_price"].tolist() == [2.25] * 4 + [2.5]
    assert table["transaction_date"].dt.hour.tolist() == [10] * 4 + [0]
    assert report.findings["HTML entities decoded"] == 1


def test_a_lonely_cell_far_away_does_not_fill_the_memory(tmp_path):
    path = workbook(tmp_path / "a.xlsx", S=cells())
    book = openpyxl.load_workbook(path)
    book.active["XFD1048576"] = "x"
    book.save(path)
    with pytest.raises(DataError, match="last cell is XFD1048576"):
        data.read_transactions(path)


def test_a_workbook_without_a_cell_is_empty(tmp_path):
    with pytest.raises(DataError, match="is empty"):
        data.read_transactions(workbook(tmp_path / "a.xlsx", S=[], T=[[None, ""]]))


# packed


def zipped(path, **parts):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def test_a_zip_of_parts_from_a_mac(tmp_path):
    one, two = lines_of(["Tea"], 10), lines_of(["Mug"], 13)
    turned = pd.read_csv(pd.io.common.StringIO(two), dtype=str).iloc[:, ::-1].to_csv(index=False)
    path = zipped(tmp_path / "a.zip", **{
        "export/b.csv": one, "export/a/a.CSV": turned, "__MACOSX/export/._b.csv": b"\0\5\x16",
        "__MACOSX/b.csv": b"\0\5\x16",
        "export/.DS_Store": b"\0\0", "export/readme.pdf": b"%PDF", "export/c.csv.gz":
        gzip.compress(one.encode()), "._c": "x", "export/empty.csv": ""})  # fmt: skip
    table, report = data.read_transactions(path)
    assert report.read == 33 and report.findings["files"] == 3
    assert table["product_name"].head(13).eq("Mug").all()  # export/a/a.CSV comes first
    folder = tmp_path / "folder"
    folder.mkdir()
    path.rename(folder / "a.zip")
    (folder / "more.csv").write_text(one)
    assert data.read_transactions(folder)[1].read == 43


def test_zips_of_one_thing(tmp_path):
    workbook(tmp_path / "a.xlsx", S=cells())
    content = (tmp_path / "a.xlsx").read_bytes()
    assert data.read_transactions(zipped(tmp_path / "z.zip", **{"d/a.xlsx": content}))[1].read == 20
    assert data.read_transactions(zipped(tmp_path / "z.zip", export=lines_of(["T"])))[1].read == 40
    with pytest.raises(DataError, match="no part that is a table.*photo.jpg, text.md"):
        data.read_transactions(zipped(tmp_path / "z.zip", **{"photo.jpg": "", "text.md": ""}))
    with pytest.raises(DataError, match="no part that is a table by its name; it has: nothing"):
        data.read_transactions(zipped(tmp_path / "z.zip"))
    with pytest.raises(DataError, match="z.zip: d/b.csv"):
        data.read_transactions(zipped(tmp_path / "z.zip", **{"d/b.csv": "<html>"}))


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_what_breaks_off_is_damaged(tmp_path, pack):
    content = pack(lines_of([f"Tea {i * i}" for i in range(900)], 4_000).encode())
    assert "damaged" in sentence(tmp_path, content[: len(content) // 2], "shop.csv.gz")


def bombs(folder):
    """Files of at most 1.5 MB that unpack to 150 MB and more."""
    head, row = HEADER.encode(), b"C001,P1,01-01-2024,Tea\n" * 100_000
    for name, pack in (("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)):
        (folder / f"a.csv.{name}").write_bytes(pack(head) + pack(row) * 70)
    (folder / "line.csv.gz").write_bytes(gzip.compress(b"0" * 10_000_000) * 20)
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", head + row * 70)
    with zipfile.ZipFile(folder / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", "<row><c><v>1</v></c></row>" * 6_000_000)
    table = pa.table(
        {"customer_id": pa.array(["c" * 1_000]).take(pa.array(np.zeros(100_000, int)))}
    )
    with pq.ParquetWriter(folder / "a.parquet", table.schema) as writer:
        for _ in range(10):
            writer.write_table(table)


@thorough
def test_bombs_end_in_a_sentence_and_little_memory(tmp_path):
    bombs(tmp_path)
    for path in sorted(tmp_path.iterdir()):
        assert path.stat().st_size < 1_500_000, path.name
        tracemalloc.start()
        with pytest.raises(DataError, match="unpacks to more than|line of more than"):
            data.read_transactions(path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 60_000_000, path.name


def test_a_dense_file_of_a_real_shop_is_no_bomb(tmp_path):
    """A hundred to one, of more than the size from which the density counts."""
    path = tmp_path / "dense.csv.gz"
    draw = random.Random(1)
    name = b"Tea of a very long name " * 20
    with gzip.open(path, "wb", 1) as handle:
        handle.write(HEADER.encode())
        for n in range(300):
            block = b"C%d,P%d,%02d-01-2024,%s\n" % (n, n % 50, n % 27 + 1, name)
            noise = b"".join(b"%d,P1,01-01-2024,x\n" % draw.randrange(10**6) for _ in range(100))
            handle.write(block * 800 + noise)
    assert 80 * path.stat().st_size < 110_000_000 < 190 * path.stat().st_size
    assert sum(len(batch) for batch in TextFile(path).batches()) == 300 * 900


# parquet


def typed(**columns):
    n = 8
    table = {"customer_id": [f"c{i}" for i in range(n)], "product_id": ["p1", "p2"] * 4,
             "transaction_date": pd.date_range("2024-01-01", periods=n)}  # fmt: skip
    return pd.DataFrame(table | columns)


def test_columns_that_pandas_wrote_as_an_index_are_columns(tmp_path):
    path, table = tmp_path / "a.parquet", typed()
    for keys in (["customer_id"], ["customer_id", "product_id"]):
        table.set_index(keys).to_parquet(path)
        assert data.load_transactions(path)["customer_id"].tolist() == table["customer_id"].tolist()
    table.set_index("customer_id").rename_axis(None).to_parquet(path)
    read, _ = data.read_transactions(path, {"__index_level_0__": "customer_id"})
    assert read["customer_id"].tolist() == table["customer_id"].tolist()


@pytest.mark.parametrize(
    ("value", "kind"),
    [(["c0"], pa.list_(pa.string())), ({"id": "c"}, pa.struct([("id", pa.string())])),
     ([("a", "b")], pa.map_(pa.string(), pa.string()))],
)  # fmt: skip
@pytest.mark.parametrize("name", ["customer_id", "transaction_date"])
def test_nested_columns_are_named(tmp_path, value, kind, name):
    table = pa.Table.from_pandas(typed()).drop_columns([name])
    pq.write_table(table.append_column(name, pa.array([value] * 8, kind)), tmp_path / "a.parquet")
    with pytest.raises(DataError, match=f"a.parquet: Column {name} has lists or records"):
        data.load_transactions(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    ("name", "kind", "values", "expected"),
    [
        ("transaction_date", pa.date32(), typed()["transaction_date"].dt.date, None),
        ("transaction_date", pa.date64(), typed()["transaction_date"].dt.date, None),
        ("transaction_date", pa.timestamp("ns"), typed()["transaction_date"], None),
        ("customer_id", pa.dictionary(pa.int8(), pa.string()), [f"c{i}" for i in range(8)], None),
        ("customer_id", pa.large_string(), [f"c{i}" for i in range(8)], None),
        ("customer_id", pa.decimal128(10, 0), range(8), [f"{i}" for i in range(8)]),
        ("x", pa.bool_(), [True, None] * 4, None),
        ("unit_price", pa.decimal128(10, 2), [1] * 8, None),
    ],
)
def test_types_of_parquet(tmp_path, name, kind, values, expected):
    table = pa.Table.from_pandas(typed())
    table = table.drop_columns([name]) if name in table.column_names else table
    column = pa.array(values, kind)
    pq.write_table(table.append_column(name, column), tmp_path / "a.parquet")
    read = data.load_transactions(tmp_path / "a.parquet")
    assert read["customer_id"].tolist() == (expected or typed()["customer_id"].tolist())
    assert (read["transaction_date"].dt.normalize() == typed()["transaction_date"]).all()


# headers


@pytest.mark.parametrize(
    "name",
    ["Customer\u00a0ID", "customer\u200b_id", "\ufeffcustomer_id", "CUSTOMER  ID", "Customer_Id ",
     "\u202acustomer id\u202c", "ｃｕｓｔｏｍｅｒ_ｉｄ", "cus\u00adtomer_id", '"customer id"',
     '"customer\nid"', '="customer_id"'],
)  # fmt: skip
def test_names_of_columns_are_compared_as_people_see_them(tmp_path, name):
    lines = ["P1," + line.split(",", 1)[0] + line[line.rindex(",") - 11 :]
             for line in lines_of(["Tea"]).splitlines()[1:]]  # fmt: skip
    header = f"product_id,{name},transaction_date,product_name\n"
    table, _ = read(tmp_path, header + "\n".join(lines))
    assert table["customer_id"].str.startswith("C").all()
    # in the parameter, too
    header = header.replace(name, "Kunde\u00a0Nr")
    table, _ = read(tmp_path, header + "\n".join(lines), columns={"kunde nr": "customer_id"})
    assert table["customer_id"].str.startswith("C").all()


@pytest.mark.parametrize("again", ["Customer ID", "customer_id\u200b", "CUSTOMER\u00a0_ID "])
def test_names_that_are_equal_as_people_see_them_are_refused(tmp_path, again):
    again = again.replace(" _", "_").replace("\u00a0_", "\u00a0")
    content = lines_of(["Tea"]).replace("product_name", again)
    assert plain_name(again) == "customer_id"
    assert "'customer_id' more than once" in sentence(tmp_path, content)


def test_a_column_may_be_called_what_it_likes(tmp_path):
    names = "quantity,numbers: quantity,dates: transaction_date,_row,reason"
    text = lines_of(["Mug"]).replace("product_name", f"product_name,{names}")
    table, report = read(tmp_path, text.replace(",Mug", ",Mug,1,x,y,z,w"))
    assert report.read == report.kept == 40 and set(table["quantity"]) == {1}


def test_columns_without_a_name_are_called_by_their_place(tmp_path):
    content = lines_of(["Tea"]).replace("product_name", "").replace("customer_id", "")
    table, _ = read(tmp_path, content, columns={"Unnamed: 0": "customer_id"})
    assert table["customer_id"].str.startswith("C").all()


@pytest.mark.parametrize("mark", ["~", "^", "\x1f", "   "])
def test_a_separator_that_is_not_known_is_said_and_no_names_are_asked_for(tmp_path, mark):
    said = sentence(tmp_path, lines_of(["Tea"]).replace(",", mark))
    assert "That is one column: what separates its values is none of comma" in said
    assert "`columns`" not in said
    # a table may have one column
    assert "`columns`" in sentence(tmp_path, "Kunde Nr\n" + "c1\n" * 40)


def test_a_file_without_names_is_said_and_its_first_row_is_not_taken_for_them(tmp_path):
    said = sentence(tmp_path, lines_of(["Tea"]).partition("\n")[2])
    assert "seem to be values, and no names. Put a row with the names" in said
    # a number or a year may be a name; who maps columns has looked at them
    named = sentence(tmp_path, "Kunde,Artikel,2023,Datum,Ort\nc,p,5,01-01-2024,x\n")
    assert "Name yours in the parameter `columns`" in named


def test_the_likely_column_is_named_whatever_its_case(tmp_path):
    content = lines_of(["Tea"]).replace("transaction_date", "TRANSACTION-DATE")
    assert "{TRANSACTION-DATE: transaction_date}" in sentence(tmp_path, content)


def test_messages_have_a_maximum_length(tmp_path):
    assert "and 1,488 more" in sentence(tmp_path, ",".join(f"column {i}" for i in range(1_500)))
    assert len(sentence(tmp_path, "x" * 89_000)) <= 600
    long = DataError("a" * 90_000 + " Do that.")
    assert len(str(long)) == 600 and str(long).endswith(" Do that.") and " ... " in str(long)


# names


@pytest.mark.parametrize("name", ["x" * 300 + ".csv", "a/" * 3_000, "~nobody_here/a.csv",
                                  "a\0b.csv", "a**b.csv", "none.csv", "*.none"])  # fmt: skip
def test_paths_that_are_none(tmp_path, name):
    for path in (name, tmp_path / name, [str(tmp_path / name)]):
        with pytest.raises(DataError) as caught:
            data.read_transactions(path)
        assert len(str(caught.value)) <= 600


def test_folders_links_and_devices(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="has no file in it"):
        input_files(tmp_path / "empty")
    (tmp_path / "link.csv").symlink_to(tmp_path / "gone.csv")
    with pytest.raises(DataError, match="is a link to .*gone.csv, which is not there"):
        input_files(tmp_path / "link.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(DataError, match="neither a file nor a folder"):
        input_files(tmp_path / "pipe.csv")


def test_what_may_not_be_read_is_said(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    path.write_text(lines_of(["Tea"]))

    def forbidden(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", forbidden)
    with pytest.raises(DataError, match="a.csv may not be read: permission denied"):
        data.read_transactions(path)
    monkeypatch.undo()
    monkeypatch.setattr(type(path), "iterdir", forbidden)
    with pytest.raises(DataError, match="Permission denied"):
        data.read_transactions(tmp_path)


def test_a_stranger_in_a_folder_is_said_as_itself(tmp_path):
    (tmp_path / "a.csv").write_text("x")
    (tmp_path / "notes.odd").write_text("x")
    with pytest.raises(DataError) as error:
        input_files(tmp_path)
    assert "notes.odd" in str(error.value) and "can't be the path" not in str(error.value)


def test_yes_and_no_in_the_place_of_a_number_are_no_numbers(tmp_path):
    rows = pd.DataFrame({"customer_id": ["a"] * 40, "product_id": "p", "quantity": True})
    rows["transaction_date"] = "01-02-2024"
    rows.to_parquet(tmp_path / "shop.parquet")
    with pytest.raises(DataError, match="quantity: 40 of 40 are not numbers"):
        data.read_transactions(tmp_path / "shop.parquet")


# rows that end early

SHORT = "rows with fewer fields than the header, blank from there on"
BROKEN = "the last line breaks off"


def quoted(text):
    return "".join('"' + line.replace(",", '","') + '"\n' for line in text.splitlines())


@pytest.mark.parametrize("form", [str, quoted], ids=["plain", "quoted"])
def test_rows_with_lost_ends_are_counted_and_named(tmp_path, form):
    lines = lines_of(["Tea"], 40).splitlines()
    assert SHORT not in read(tmp_path, form("\n".join(lines)))[1].findings
    lines[6] = lines[6].rpartition(",")[0].rpartition(",")[0]
    lines[9] = lines[9].rpartition(",")[0]
    report = read(tmp_path, form("\n".join(lines) + "\n"))[1]
    assert report.findings[SHORT] == "2 (lines 7, 10; the first column missing: transaction_date)"
    assert BROKEN not in report.findings and report.read == 40
    for at in range(20, 30):
        lines[at] = lines[at].rpartition(",")[0]
    found = read(tmp_path, form("\n".join(lines) + "\n"))[1].findings[SHORT]
    assert found.startswith("12 (lines 7, 10, 21 ...;")


@pytest.mark.parametrize("form", [str, quoted], ids=["plain", "quoted"])
def test_blank_ends_and_blank_lines_are_no_lost_ends(tmp_path, form):
    lines = lines_of(["Tea"], 40).splitlines()
    lines[6] = lines[6].rpartition(",")[0] + ","
    lines[12:12] = [",,,"]
    text = form("\n".join(lines)) + "\n\n"
    assert not {SHORT, BROKEN} & set(read(tmp_path, text)[1].findings)


def test_a_copy_that_broke_off_is_said(tmp_path):
    text = lines_of(["Tea"], 40)
    found = read(tmp_path, text[: text.rindex("-")])[1].findings
    assert found[BROKEN] == "line 41 of shop.csv: was the whole file copied?"
    assert found[SHORT].startswith("1 (line 41;")
    # a last line that is whole needs no line break
    assert BROKEN not in read(tmp_path, text.rstrip("\n"))[1].findings
