from potstill.report.blocks import Notes, Table, kind_of


def test_a_block_names_the_macro_that_writes_it() -> None:
    assert kind_of(Notes(("a",))) == "notes"
    assert kind_of(Table("t", ("a",), ())) == "table"


def test_small_tables_fit_beside_another_block() -> None:
    assert Table("t", ("a", "b"), ()).slim
    assert not Table("t", ("a",) * 6, ()).slim
    assert not Table("t", ("a", "b"), (), wide=True).slim
