"""What must not be shown is shown nowhere, lists stay full, and reasons name nothing denied."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import catalogue, channels, data, memo, production
from helpers.course import command
from helpers.recommend import ItemBased
from helpers.warehouse.batch import Forbidden
from tests.common import purchases


def shop(folder, text, **more):
    """Parameters of a shop whose catalogue is this text."""
    (folder / "products.csv").write_text(text, encoding="utf-8")
    return data.Parameters.of({"products_path": str(folder / "products.csv")} | more)


def rules(transactions, **more):
    return catalogue.shop_rules(transactions, data.Parameters.of(more))


# The catalogue


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["true", "Ja", "oui", "Sí", "да", "tak", "はい", "In stock", "in_stock", "Auf Lager"], 1),
        (["1", "12,5", "1.0", "1 200", "1'200", "1,200", "10+", ">5", "Available", "J"], 1),
        (
            [
                "FALSE",
                "nein",
                "non",
                "não",
                "нет",
                "いいえ",
                "0",
                "0.00",
                "-3",
                "-1",
                "ausverkauft",
            ],
            0,
        ),
        (["out_of_stock", "Sold out", "nicht auf Lager", "agotado", "unavailable", "n"], 0),
        (["", "NULL", "n/a", " "], 9),
    ],
)
def test_a_catalogue_says_yes_and_no_in_many_ways(words, meant, tmp_path):
    rows = "".join(f'p{n},"{word}"\n' for n, word in enumerate([*words, "yes"]))
    table, report = data.read_products(shop(tmp_path, "product_id,in_stock\n" + rows))
    said = table["in_stock"].drop(f"p{len(words)}")
    assert said.fillna(9).tolist() == [meant] * len(words)
    assert report.kept == report.read == len(words) + 1


def test_a_column_that_mostly_says_neither_yes_nor_no_is_named_with_its_words(tmp_path):
    rows = "".join(f"p{n},{word}\n" for n, word in enumerate(["new", "new", "old", "yes", ""]))
    asked = shop(tmp_path, "sku,state\n" + rows,
                 product_columns={"sku": "product_id", "state": "in_stock"})  # fmt: skip
    with pytest.raises(data.DataError) as error:
        data.read_products(asked)
    said = ["products.csv", "column state", "3 of 4", "'new' (2), 'old' (1)", "ignore: [in_stock]"]
    assert all(each in str(error.value) for each in said), error.value
    rows += "p5,yes\np6,no\np7,no\n"
    _, report = data.read_products(shop(tmp_path, "product_id,in_stock\n" + rows))
    assert report.findings["words in in_stock that are neither yes nor no"] == (
        "'new' (2), 'old' (1)"
    )


@pytest.mark.parametrize("unclear", ["", "who knows", "NULL"])
def test_a_row_that_leaves_open_whether_it_is_allowed_forbids_its_product(unclear, tmp_path):
    text = f"product_id,size,allowed\na,S,yes\na,M,{unclear}\nb,S,yes\nc,S,yes\n"
    table, _ = data.read_products(shop(tmp_path, text))
    assert table["allowed"].to_dict() == {"a": 0, "b": 1, "c": 1}


def test_what_is_neither_yes_nor_no_is_named_with_its_row(tmp_path):
    text = "product_id,in_stock,allowed,price\na,1,yes,2.0\nb,perhaps,yes,2.0\nc,1,who knows,1\n"
    text += "d,1,yes,3\ne,1,yes,3\n,1,yes,3\n" + "".join(f"x{n},1,yes,3\n" for n in range(30))
    table, report = data.read_products(shop(tmp_path, text))
    assert report.rejected == {
        "no product id": 1, "unreadable in_stock": 1, "unreadable allowed": 1
    }  # fmt: skip
    assert report.examples["unreadable in_stock"] == [3]
    assert "b" not in table.index and report.kept + sum(report.rejected.values()) == report.read


def test_of_several_rows_one_in_stock_is_enough_and_one_not_allowed_too_many(tmp_path):
    text = "product_id,product_name,in_stock,allowed\na,Mug S,1,1\na,Mug M,0,1\n"
    text += "b,Cup,0,1\nb,Cup 2,0,0\n"
    table, report = data.read_products(shop(tmp_path, text))
    assert table["product_name"].to_dict() == {"a": "Mug M", "b": "Cup 2"}
    assert table["in_stock"].to_dict() == {"a": 1, "b": 0}
    assert table["allowed"].to_dict() == {"a": 1, "b": 0}
    assert report.findings["products with several rows"] == 2


def test_ids_are_those_of_the_purchases(tmp_path):
    transactions = purchases(("1", "MUG"), ("1", "17"), ("2", "MUG"))
    text = "product_id,in_stock\n mug ,1\n17.0,1\n"
    text = shop(tmp_path, text, cleaning={"merge_case": True})
    found = catalogue.shop_rules(transactions, text)
    assert found.findings == {} and found.shown(["MUG", "17"]).all()
    assert not found.products["is_new"].any()


@pytest.mark.parametrize(
    ("text", "more", "words"),
    [
        ("product_id,price\nX1,2\n", {}, ["none of the 4 products", "'A'", "'X1'"]),
        ("product_id,in_stock\nA,0\nB,0\n", {}, ["Nothing is left", "out of stock: 2"]),
        ("product_id,price\nA,2\n", {"margin_floor": 0.2}, ["margin_floor", "`margin`"]),
        ("name\nA\n", {}, ["product_id", "products.csv"]),
        ("product_id,price\n,2\n", {}, ["no product id: 1"]),
        ("product_id,price\nA,2\n", {"deny_categories": ["Health"]}, ["no product has a category"]),
    ],
)
def test_a_rule_that_cannot_be_applied_is_a_sentence(tmp_path, text, more, words):
    with pytest.raises(data.DataError) as error:
        catalogue.shop_rules(data.miniature(), shop(tmp_path, text, **more))
    assert all(word in str(error.value) for word in words), error.value
    assert len(str(error.value)) < 500


def test_new_products_need_a_catalogue():
    with pytest.raises(data.DataError, match="places_for_new"):
        rules(data.miniature(), places_for_new=1)


def test_products_that_are_not_shown_are_counted_once_each(tmp_path):
    text = "product_id,in_stock,allowed,margin\nA,1,1,0.5\nB,0,0,0.5\nC,0,1,0.1\nE,1,1,0.5\n"
    text += "F,,1,.5\n"
    found = catalogue.shop_rules(
        data.miniature(), shop(tmp_path, text, margin_floor=0.2, deny_products=["nope"])
    )
    assert found.findings == {
        "not in the catalogue": 1, "not allowed": 1, "out of stock": 1
    }  # fmt: skip
    assert found.unknown == {"deny_products": "nope"}
    assert found.products["may_be_shown"].to_dict() == {
        "A": True, "B": False, "C": False, "D": False, "E": True, "F": False
    }  # fmt: skip
    assert found.products.index[found.products["is_new"]].tolist() == ["E", "F"]


def test_a_catalogue_whose_ids_lost_their_zeros_is_said(tmp_path):
    table = purchases(("a", "001"), ("a", "Mug"), ("b", "002"), ("b", "001"))
    text = "product_id\n1\n2\nmug\n001\nnew\n"
    unknown = catalogue.shop_rules(table, shop(tmp_path, text)).unknown
    assert unknown["products_path"].startswith("3 id(s)") and "'1'" in unknown["products_path"]
    merged = shop(tmp_path, "product_id\nmug\n001\nnew\n", cleaning={"merge_case": True})
    assert catalogue.shop_rules(table, merged).unknown == {}


def test_what_is_not_launched_yet_is_not_shown_and_shown_from_that_day_on(tmp_path, monkeypatch):
    table = data.miniature()
    text = "product_id,launched\nA,\nB,01-01-2024\nC,01-05-2024\nD,\nNew,02-05-2024\n"
    asked = shop(tmp_path, text)
    for day, gone in (("2024-04-30", {"C", "New"}), ("2024-05-01 08:00", {"New"})):
        monkeypatch.setattr(pd.Timestamp, "now", lambda tz=None, day=day: pd.Timestamp(day))
        shown = catalogue.shop_rules(table, asked).products["may_be_shown"]
        assert set(shown.index[~shown]) == gone
        marks = Forbidden(asked).mark()
        assert marks[1] == sorted(gone), "a batch job makes new lists on that day"


def test_a_catalogues_names_stand_above_the_purchases(tmp_path):
    table = data.miniature().assign(product_name="old", unit_price=1.0)
    text = "product_id,product_name\nA,New\nB,\nZ,\n"
    found = catalogue.shop_rules(table, shop(tmp_path, text))
    assert found.products["product_name"]["Z"] == "Z", "where there is no name, the id"
    found = catalogue.shop_rules(table, shop(tmp_path, text.removesuffix("Z,\n")))
    assert found.products["product_name"].to_dict() == {
        "A": "New",
        "B": "old",
        "C": "old",
        "D": "old",
    }
    assert (found.products["price"] == 1).all()


def test_a_category_is_denied_however_it_is_written_and_so_is_what_has_none():
    table = data.miniature()
    categories = {"A": "Health", "B": "health ", "C": "Food"}
    table["product_category"] = table["product_id"].map(categories)
    found = rules(table, deny_categories=["HEALTH", "Halth"])
    assert found.shown(["A", "B", "C", "D"]).tolist() == [False, False, True, False]
    assert found.findings == {"denied": 3} and found.unknown == {"deny_categories": "Halth"}


def test_who_and_what_is_denied_is_found_whatever_the_case_and_a_typing_error_is_said():
    table = purchases(("Ann", "MUG"), ("Ann", "cup"), ("b1", "MUG"), ("B1", "cup"), ("c", "tea"),
                      ("c", "cup"))  # fmt: skip
    visitor = pd.DataFrame({"customer_id": ["Visitor"]})
    asked = data.Parameters.of(
        {"deny_customers": ["ann", "b1", "VISITOR", "nobody"], "deny_products": ["mug", "mugg"]}
    )
    found = catalogue.shop_rules(table, asked, visitor)
    # an id that the shop has is meant as it is written
    assert found.no_personal_list == ("Ann", "b1", "Visitor", "nobody")
    assert found.shown(["MUG", "cup", "tea"]).tolist() == [False, True, True]
    assert found.unknown == {"deny_products": "mugg", "deny_customers": "1 id(s)"}
    engine = production.build_engine(table, rules=found)
    lists = engine.recommend(["Ann", "b1", "B1"], 2).groupby("customer_id")["source"].agg(set)
    assert lists["Ann"] == lists["b1"] == {"popularity"} and "purchases" in lists["B1"]


# Lists

pairs = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 8)), min_size=4, max_size=45, unique=True
)


@settings(max_examples=30, deadline=None)
@given(pairs, st.sets(st.integers(0, 8), max_size=6), st.sets(st.integers(0, 7), max_size=2),
       st.integers(1, 6), st.sampled_from([None, 10]))  # fmt: skip
def test_lists_are_those_without_rules_filled_from_further_down(drawn, denied, alone, n, trend):
    """Rank everything, strike out what is denied, take n: the same lists, and full ones."""
    table = purchases(*((f"c{who}", f"p{what}", f"2024-0{1 + what % 3}-01") for who, what in drawn))
    known = set(table["product_id"])
    denied = [f"p{each}" for each in denied]
    if known <= set(denied):
        return
    found = rules(table, deny_products=denied, deny_customers=[f"c{each}" for each in alone])
    model = ItemBased(None, trend_days=trend)
    free = production.build_engine(table, None, model)
    bound = replace(free, rules=found)
    everything = free.recommend(None, 99)
    wanted = everything[~everything["product_id"].isin(denied)]
    quiet = wanted["customer_id"].isin(found.no_personal_list)
    wanted = wanted[~quiet].assign(rank=lambda t: t.groupby("customer_id").cumcount() + 1)
    wanted = wanted[wanted["rank"] <= n].reset_index(drop=True)
    lists = bound.recommend(None, n)
    personal = lists[~lists["customer_id"].isin(found.no_personal_list)].reset_index(drop=True)
    pd.testing.assert_frame_equal(personal, wanted)
    rest = lists[lists["customer_id"].isin(found.no_personal_list)]
    assert set(rest["source"]) <= {"popularity"}
    own = table.groupby("customer_id")["product_id"].agg(set)
    for customer, products in lists.groupby("customer_id")["product_id"]:
        assert len(products) == min(n, len(known - set(denied) - own[customer]))
    # a stranger's page is never empty
    assert len(bound.recommend(["nobody"], n)) == min(n, len(known - set(denied)))
    checks = production.health_checks(bound, bound.explain(lists).to_frame("reason").join(lists), n)
    checks = checks.set_index("check")["passed"]
    assert checks["nothing that must not be shown"] and checks["every list is full"]
    page = channels.product_page(bound, n).groupby("in_view")["product_id"].agg(list)
    for product in known:
        remain = known - set(denied) - {product}
        shown = page.get(product, [])
        assert set(shown) <= remain and len(shown) == min(n, len(remain))


@pytest.fixture(scope="module", name="shop")
def part_of_the_shop(shop):
    """Every sixth of the bundled shop's customers."""
    return [table[table["customer_id"].str[-5:].astype(int) % 6 == 1] for table in shop]


@pytest.fixture(scope="module")
def bound(shop):
    """The bundled shop with what is out of stock, denied, or left alone."""
    transactions, events = shop
    stock = pd.Index(transactions["product_id"].unique()).sort_values()
    best = transactions["product_id"].value_counts().index
    customers = transactions["customer_id"].unique()
    listed = data.product_table(transactions)
    listed = listed.assign(in_stock=~listed.index.isin(best[:8])).astype({"in_stock": float})
    found = catalogue.rules_for(
        data.product_table(transactions), listed.drop(stock[-3:]),
        data.Parameters.of({"deny_categories": ["Health"], "deny_customers": list(customers[:20])}),
    )  # fmt: skip
    return production.build_engine(transactions, events, rules=found)


def test_nothing_that_must_not_be_shown_is_shown_anywhere(bound, shop):
    transactions, events = shop
    forbidden = set(bound.rules.products.index[~bound.rules.products["may_be_shown"]])
    assert len(forbidden) > 12
    table = production.score_everyone(bound, 15)
    tables = channels.placements(bound, table, transactions, events, 5)
    tables["by lift"] = channels.bought_together(transactions, 3, 20, bound.rules)
    tables["examples"] = pd.DataFrame(
        {"product_id": [bound.recommend_products(each)[0] for each in ("CUST00001", "nobody")]}
    )
    for name, some in tables.items():
        assert len(some) and not set(some["product_id"]) & forbidden, name
    assert (tables["homepage"].groupby("customer_id").size() == 5).all()
    assert (tables["product_page"].groupby("in_view").size() == 3).all()
    quiet = set(bound.rules.no_personal_list)
    assert not quiet & set(tables["email"]["customer_id"]) | quiet & set(
        tables["cart"]["customer_id"]
    )
    assert set(table.loc[table["customer_id"].isin(quiet), "source"]) == {"popularity"}
    checks = production.health_checks(bound, table[table["rank"] <= 5]).set_index("check")
    assert checks["passed"].drop("no product leads more than half of the lists").all()


def test_course_health_names_the_catalogues_bad_rows_and_what_is_not_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data.load_transactions().iloc[:3000].assign(
        transaction_date=lambda t: t["transaction_date"].dt.strftime("%d-%m-%Y")
    ).to_csv("orders.csv", index=False)
    names = [f"PROD_{n:03d}" for n in range(1, 54)]
    rows = "".join(f"{name},{'yes' if n else 'perhaps'}\n" for n, name in enumerate(names))
    (tmp_path / "products.csv").write_text("product_id,in_stock\n" + rows)
    text = "transactions_path: orders.csv\nproducts_path: products.csv\n"
    text += "deny_products: [PROD_002, PROD_2]\ndeny_customers: [cust04577, CUST1]"
    (tmp_path / "shop.yaml").write_text(text)
    result = CliRunner().invoke(command.main, ["health", "-f", "shop.yaml"])
    assert result.exit_code == 0, result.output
    assert "rejected: unreadable in_stock: 1 (rows 2)" in result.output
    assert "not shown: not in the catalogue: 1" in result.output
    assert "not shown: denied: 1" in result.output
    assert "deny_products names what the shop does not have: PROD_2" in result.output
    assert "deny_customers names what the shop does not have: 1 id(s)" in result.output
    (tmp_path / "agreed.csv").write_text("CUST04577\nCUST1\n")
    (tmp_path / "shop.yaml").write_text(text + "\nconsent_path: agreed.csv")
    result = CliRunner().invoke(command.main, ["health", "-f", "shop.yaml"])
    assert "agreed to mails and offers: 1 of " in result.output
    (tmp_path / "agreed.csv").unlink()
    result = CliRunner().invoke(command.main, ["health", "-f", "shop.yaml"])
    assert result.exit_code == 2
    assert "consent_path: " in result.output and "agreed.csv" in result.output


def test_the_check_fails_where_something_forbidden_is_shown(bound):
    table = production.score_everyone(bound, 5)
    name, quiet = "nothing that must not be shown", bound.rules.no_personal_list[0]
    forbidden = bound.rules.products.index[~bound.rules.products["may_be_shown"]][0]
    one = table.assign(product_id=table["product_id"].where(table.index != 7, forbidden))
    personal = table.assign(source=table["source"].where(table["customer_id"] != quiet, "intent"))
    for broken, rows in ((table, 0), (one, 1), (personal, 5)):
        checks = production.health_checks(bound, broken).set_index("check")
        assert checks.loc[name, "detail"] == f"{rows:,} rows" and checks.loc[name, "stops"]
        assert checks.loc[name, "passed"] == (rows == 0)


def test_no_reason_names_what_is_denied(bound, shop):
    """It counts for the score, and is never named: in tables, mails, the memo's examples."""
    transactions, events = shop
    names = data.product_table(transactions)
    health = names.loc[names["product_category"] == "Health", "product_name"].tolist()
    free = production.build_engine(transactions, events)
    table, before = (production.score_everyone(each, 5) for each in (bound, free))
    said = table["reason"].str.contains("|".join(health))
    assert before["reason"].str.contains("|".join(health)).any() and not said.any()
    assert (table["reason"] == "bought something that goes with it").any()
    # what is out of stock was bought all the same, and may be named
    gone = names.loc[
        ~names.index.isin(bound.rules.products.index[bound.rules.products["may_be_shown"]])
    ]
    gone = gone.loc[gone["product_category"] != "Health", "product_name"]
    assert table["reason"].str.contains("|".join(gone)).any()
    mails = channels.email(table, transactions, bound)[0]
    assert not mails["because"].str.contains("|".join(health)).any()
    texts = str(memo._examples(transactions, table, bound, n_customers=40))
    assert not any(name in texts for name in health)


def test_offers_name_nothing_sensitive_as_their_reason(shop):
    transactions, events = shop
    found = rules(transactions).silent_about(["Health"])
    assert found.products["may_be_shown"].all()
    health = found.products.loc[~found.products["may_be_named"], "product_name"]
    assert len(health)
    table = production.score_everyone(production.build_engine(*shop, rules=found), 5)
    assert not table["reason"].str.contains("|".join(health)).any()


def test_a_loaded_engine_obeys_and_a_runs_engine_takes_new_rules_without_learning_anew(
    bound, tmp_path, monkeypatch
):
    loaded = production.load_engine(production.save_engine(bound, tmp_path / "engine.zip"))
    pd.testing.assert_frame_equal(
        production.score_everyone(loaded), production.score_everyone(bound)
    )
    assert loaded.rules.settings() == bound.rules.settings()
    table = data.miniature()
    production.shop_engine(
        table, output_dir=tmp_path / "run", rules=rules(table, deny_products=["A"])
    )
    monkeypatch.setattr(production, "build_engine", lambda *_: pytest.fail("built twice"))
    kept = production.shop_engine(table, output_dir=tmp_path / "run")
    assert not kept.rules.shown(["A"])[0], "a lesson without rules serves what the run may show"
    other = production.shop_engine(
        table, output_dir=tmp_path / "run", rules=rules(table, deny_products=["B"])
    )
    assert other.recommend_products("nobody", 9) == ["A", "C", "D"]


# New products


def test_new_products_stand_in_the_last_places_and_say_what_they_are_like(tmp_path):
    table = data.miniature().assign(product_category="Food")
    table["unit_price"] = table["product_id"].map({"A": 1.0, "B": 2.0, "C": 3.0, "D": 9.0})
    table["product_name"] = table["product_id"].map(
        {"A": "Green tea", "B": "Rye bread", "C": "Blue cheese", "D": "Goat cheese"}
    )
    text = "product_id,product_name,product_category,price,in_stock\n" + "".join(
        f"{each},,,,1\n" for each in "ABCD"
    )
    text += "N1,Black tea,Food,,1\nN2,Hard cheese,Food,,1\nN3,White tea,Food,,0\n"
    text += "N4,Hammer,Tools,9,1\n"
    found = catalogue.shop_rules(table, shop(tmp_path, text, places_for_new=1))
    engine = production.build_engine(table, rules=found)
    lists = production.score_everyone(engine, 3)
    last = lists[lists["source"] == "new"].set_index("customer_id")
    # customer 3 bought bread and both cheeses, customer 4 tea and cheese
    assert last.loc["customer 3", "product_id"] == "N2"
    reasons = [f"new, like {each} cheese that you bought" for each in ("Blue", "Goat")]
    assert last.loc["customer 3", "reason"] in reasons
    assert lists.groupby("customer_id")["source"].apply(list)["customer 4"] == [
        "purchases", "purchases", "new"
    ]  # fmt: skip
    assert not lists["product_id"].isin(["N3", "N4"]).any(), "out of stock; only the price is alike"
    for stranger in ("nobody", None, np.nan):  # an anonymous visitor has no id
        page = engine.recommend([stranger], 3)
        assert set(page["source"]) == {"popularity"} and page["rank"].tolist() == [1, 2, 3]
    assert set(engine.recommend(None, 1)["source"]) == {"purchases"}, "never the first place"
    checks = production.health_checks(engine, lists, 3).set_index("check")
    assert checks.loc[["every product is known", "nothing that must not be shown"], "passed"].all()
    candidates = production.score_everyone(engine, 9)
    home = channels.homepage(candidates, found.products, 2)
    assert home.groupby("customer_id")["product_id"].agg("last").loc["customer 3"] == "N2"
    mails, _ = channels.email(candidates, table, engine, recent_days=0)
    new = mails[mails["product_id"].isin(["N1", "N2"])]
    assert len(new) and new["because"].str.startswith("new, like ").all()
    assert mails[mails["rank"] == 1]["because"].str.startswith("you bought").all()
    denied = catalogue.shop_rules(
        table, shop(tmp_path, text, places_for_new=1, deny_products=["C", "D"])
    )
    reason = production.score_everyone(replace(engine, rules=denied), 3)["reason"]
    assert not reason.str.contains("Blue|Goat").any()


def test_names_without_a_common_word_are_no_likeness_and_no_warning(tmp_path):
    text = "product_id,product_category\nA,x\nB,y\nC,x\nD,y\nN,x\n"
    found = catalogue.shop_rules(data.miniature(), shop(tmp_path, text, places_for_new=1))
    with np.errstate(all="raise"):
        lists = production.build_engine(data.miniature(), rules=found).recommend(None, 3)
    assert (lists["product_id"] == "N").any()


def launches(n=60):
    """Tea drinkers and cheese eaters; a tea and a cheese come later, and each buys their own."""
    rows = []
    for number in range(n):
        kind = "tea" if number % 2 else "cheese"
        rows += [(f"c{number:02d}", f"{kind}{k}", "2024-01-05") for k in range(2)]
        rows += [(f"c{number:02d}", f"new {kind}", "2024-03-20")]
    table = purchases(*rows)
    return table.assign(
        product_category=table["product_id"].str.replace(r"new |\d", "", regex=True)
    )


def test_launches_inside_the_test_window_are_judged_against_chance():
    table = launches()
    judged = catalogue.judge_launches(table, rules(table), 30, 1)
    assert (judged["launches"], judged["customers"]) == (2, 60)
    assert judged["hit_rate"] == 1 and judged["chance"] == 0.5
    assert judged["low"] == judged["high"] == 0.5
    # as many places as launches: no better than chance
    assert catalogue.judge_launches(table, rules(table), 30, 2)["difference"] == 0
    assert catalogue.judge_launches(table[table["transaction_date"] < "2024-03-01"],
                                    rules(table), 30, 1) is None  # fmt: skip


@pytest.mark.parametrize(("n", "right", "places"), [(5, 2, 2), (4, 4, 1), (6, 1, 6), (3, 1, 1)])
def test_the_chance_of_a_place_filled_by_chance(n, right, places):
    from itertools import combinations

    draws = list(combinations(range(n), places))
    share = np.mean([min(draw) < right for draw in draws])
    assert catalogue._by_chance(n, np.array([right]), places) == pytest.approx(share)


# Channels


def test_of_some_categories_one_is_enough():
    """Kettles: none beside another, and none for whoever has one."""
    rows = [(f"c{n}", p) for n in range(9) for p in ("kettle1", "kettle2", "cup", "tea")[n % 3 :]]
    table = purchases(*rows, ("d", "kettle1"), ("d", "tea"), ("e", "kettle1"))
    table["product_category"] = table["product_id"].str.replace(r"\d", "", regex=True)
    found = rules(table, one_of_category=["Kettle"])
    engine = production.build_engine(table, rules=found)
    page = channels.product_page(engine, 3)
    beside = page.groupby("in_view")["product_id"].agg(set)
    assert beside["kettle1"] == beside["kettle2"] == {"cup", "tea"}
    assert beside["cup"] == {"kettle1", "kettle2", "tea"}
    assert not channels.product_page(engine, 3, "d")["product_id"].str.startswith("kettle").any()
    day = pd.Timestamp("2024-01-01 12:00")
    carts = pd.DataFrame(
        [("d", "cup"), ("new", "kettle1"), ("e", "kettle2")], columns=["customer_id", "product_id"]
    ).assign(event_type="add_to_cart", event_date=day)
    later = purchases(("late", "tea", "2024-01-20"))
    later["product_category"] = "tea"
    table = pd.concat([table, later], ignore_index=True)
    reminders = channels.abandoned_carts(carts, table, engine)
    got = reminders.groupby("customer_id")["product_id"].agg(list)
    assert got["d"][0] == "cup" and "kettle2" not in got["d"]
    assert "e" not in got, "bought another kettle on that very day"
    assert got["new"][0] == "kettle1" and "kettle2" not in got["new"]


def test_a_cap_on_contacts_lets_the_reminder_go_first(shop):
    transactions, events = shop
    free = production.build_engine(transactions, events)
    table = production.score_everyone(free, 6)
    capped = replace(free, rules=rules(transactions, contact_cap=1))
    before = channels.placements(free, table, transactions, events)
    after = channels.placements(capped, table, transactions, events)
    pd.testing.assert_frame_equal(after["cart"], before["cart"])
    reminded = set(before["cart"]["customer_id"])
    assert reminded & set(before["email"]["customer_id"])
    assert set(after["email"]["customer_id"]) == set(before["email"]["customer_id"]) - reminded
    two = replace(free, rules=rules(transactions, contact_cap=2))
    pd.testing.assert_frame_equal(
        channels.placements(two, table, transactions, events)["email"], before["email"]
    )


def test_without_consent_there_is_no_mail_and_no_reminder(shop):
    transactions, events = shop
    engine = production.build_engine(transactions, events)
    table = production.score_everyone(engine, 6)
    nobody = channels.placements(engine, table, transactions, events, consent=[])
    assert nobody["email"].empty and nobody["cart"].empty and len(nobody["homepage"])
    everybody = channels.placements(engine, table, transactions, events)["cart"]
    some = everybody["customer_id"].unique()[:5]
    asked = replace(engine, rules=rules(transactions, deny_customers=list(some)))
    left = channels.abandoned_carts(events, transactions, asked)["customer_id"]
    assert set(left) == set(everybody["customer_id"]) - set(some)
    cart = channels.placements(engine, table, transactions, events, consent=some)["cart"]
    pd.testing.assert_frame_equal(
        cart, everybody[everybody["customer_id"].isin(some)].reset_index(drop=True)
    )
