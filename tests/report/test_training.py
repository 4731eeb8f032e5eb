import pytest

from potstill.report.blocks import Table
from potstill.report.charts import Chart
from potstill.report.sources import Material
from potstill.report.training import extremes, section, smoothed, thinned


def points(*values: float) -> tuple[tuple[float, float], ...]:
    return tuple((float(i), value) for i, value in enumerate(values))


def test_a_moving_mean() -> None:
    assert smoothed(points(0.0, 3.0, 6.0, 0.0), 1) == points(1.5, 3.0, 3.0, 3.0)
    assert smoothed(points(5.0), 3) == points(5.0)


def test_few_points_are_left_and_both_ends_stay() -> None:
    many = points(*map(float, range(1000)))
    few = thinned(many, 5)
    assert [y for _, y in few] == [0.0, 250.0, 500.0, 749.0, 999.0]
    assert thinned(few, 5) == few


def test_peaks_survive() -> None:
    many = [1.0] * 1000
    many[777], many[333] = 50.0, -3.0
    kept = extremes(points(*many), 20)
    assert len(kept) <= 20
    assert {50.0, -3.0} <= {y for _, y in kept}
    assert [x for x, _ in kept] == sorted(x for x, _ in kept)


def test_the_section_shows_each_part_of_the_loss(material: Material) -> None:
    made = section(material)
    assert made is not None
    assert made.lead.startswith("900 steps over 3.69M tokens. Lowest validation loss: 0.550 nats a token")
    loss, rate, norm, table = made.blocks
    assert isinstance(loss, Chart)
    assert [name for _, name in loss.legend] == ["total loss", "cross_entropy", "forward_kl", "validation loss"]
    assert loss.wide.count("<path") == 7
    assert isinstance(rate, Chart)
    assert rate.title == "Learning rate"
    assert isinstance(norm, Chart)
    assert isinstance(table, Table)
    assert len(table.rows) == 10
    assert table.rows[0][:2] == ("1", "4,096")


def test_nothing_trained_nothing_shown(partial: dict[str, Material]) -> None:
    assert section(partial["filter"]) is None
    assert section(partial["train"]) is not None


@pytest.mark.parametrize("most", [2, 7, 300])
def test_thinning_never_gives_more_than_asked_for(most: int) -> None:
    assert len(thinned(points(*[0.0] * 301), most)) <= most
    assert len(extremes(points(*[0.0] * 301), most)) <= most
