from potstill.report.axes import Axis, Dot
from potstill.report.charts import NARROW, WIDE, Bar, Line, Row, bars, chart, columns, dots, lines, stack
from potstill.report.scale import fixed

UNIT = Axis("", lambda value: f"{value:g}")


def test_a_curve_goes_where_its_numbers_say() -> None:
    draw = lines(
        [Line("loss", "loss", ((0.0, 2.0), (10.0, 0.0)))],
        lambda start, stop: fixed(0.0, 10.0, start, stop, 1),
        lambda start, stop: fixed(0.0, 2.0, start, stop, 1),
        Axis("tokens", UNIT.form),
        UNIT,
        height=170.0,
    )
    made = draw(300.0)
    assert made.height == 170.0
    drawn = "".join(made.parts)
    assert '<g class="series loss"><path d="M16.96,26 L288,126" class="stroke"></path></g>' in drawn
    assert ">tokens<" in drawn


def test_a_chart_is_drawn_wide_and_narrow_under_names_of_their_own() -> None:
    made = chart("cut", "Traces", "3 kept", stack([Bar("keep", "kept", 3.0, "3")]), legend=[("keep", "kept 3")])
    assert f'viewBox="0 0 {WIDE} 38"' in made.wide
    assert f'viewBox="0 0 {NARROW} 38"' in made.narrow
    assert 'id="cut-540-title"' in made.wide
    assert 'id="cut-350-title"' in made.narrow


def test_parts_are_as_wide_as_their_share_and_never_invisible() -> None:
    drawn = "".join(
        stack([Bar("keep", "kept", 9999.0, "9,999"), Bar("hazard", "hazard", 0.0, "0"), Bar("noise", "noise", 1.0, "1")])(104.0).parts
    )
    assert '<rect x="0" y="0" width="100.99" height="38" class="fill">' in drawn
    assert '<rect x="101.99" y="0" width="1.01" height="38" class="fill">' in drawn
    assert "hazard" not in drawn


def test_bars_start_at_nought_and_carry_their_numbers() -> None:
    drawn = "".join(bars([Bar("teacher", "t", 10.0, "10"), Bar("student", "s", 5.0, "5 (0.5×)")])(300.0).parts)
    widths = [float(part.split('"')[0]) for part in drawn.split('width="')[1:]]
    assert widths[0] == 2 * widths[1]
    assert ">5 (0.5×)</text>" in drawn


def test_rows_of_dots_stand_below_each_other() -> None:
    row = Row("carry", (Dot("teacher", 0.5, 0.4, 0.6, "t"), Dot("student", 0.25, None, None, "s")), limit=0.5)
    made = dots([Row("skills"), row], lambda start, stop: fixed(0.0, 1.0, start, stop, 2), UNIT)(300.0)
    drawn = "".join(made.parts)
    assert ">skills</text>" in drawn
    assert 'class="limit"' in drawn
    assert "<title>limit of carry: 50%</title>" in drawn
    assert made.height == 8 + 18 + 27 + 26


def test_groups_are_joined_series_by_series() -> None:
    groups = [Row("0-7", (Dot("student", 1.0, None, None, "a"),)), Row("8-15", (Dot("student", 0.0, None, None, "b"),))]
    drawn = "".join(
        columns(groups, lambda start, stop: fixed(0.0, 1.0, start, stop, 1), Axis("position", UNIT.form), UNIT, height=170.0)(216.96).parts
    )
    assert '<line x1="63.96" y1="26" x2="157.96" y2="126" class="stroke faint">' in drawn.replace("63.97", "63.96").replace(
        "157.97", "157.96"
    )


def test_labels_are_escaped() -> None:
    drawn = "".join(bars([Bar("student", "<script>", 1.0, "</text>")])(300.0).parts)
    assert "<script>" not in drawn
    assert "&lt;script&gt;" in drawn
