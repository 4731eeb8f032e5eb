from potstill.report.axes import Axis, Dot, dot_group, margin, mark, x_axis, y_axis
from potstill.report.scale import fixed
from potstill.report.words import percent

TENTHS = fixed(0.0, 1.0, 0.0, 100.0, 2)


def test_marks_differ_in_shape_and_not_only_in_colour() -> None:
    assert mark("teacher", 1.0, 2.0) == '<circle cx="1" cy="2" r="4.5" class="fill"></circle>'
    assert mark("student", 10.0, 10.0) == '<path d="M10,4.5 L15.5,10 L10,15.5 L4.5,10 Z" class="fill"></path>'
    assert 'class="hollow"' in mark("base", 0.0, 0.0)
    assert mark("validation", 4.0, 4.0) == '<rect x="0" y="0" width="8" height="8" class="fill"></rect>'


def test_a_dot_has_its_interval_and_says_its_number() -> None:
    made = dot_group(Dot("teacher", 0.5, 0.4, 0.7, "half"), 50.0, 20.0, TENTHS, upright=False)
    assert made.startswith('<g class="series teacher"><title>half</title>')
    assert '<line x1="40" y1="20" x2="70" y2="20" class="stroke">' in made
    assert '<line x1="40" y1="17" x2="40" y2="23" class="stroke">' in made
    assert 'cx="50" cy="20"' in made


def test_without_an_interval_no_bar_is_drawn() -> None:
    assert "<line" not in dot_group(Dot("teacher", 0.5, None, 0.7, "half"), 50.0, 20.0, TENTHS, upright=True)


def test_axes_name_their_values() -> None:
    up, over = (
        "".join(y_axis(TENTHS, Axis("share", percent), 30.0, 90.0)),
        "".join(x_axis(TENTHS, Axis("p", percent), 0.0, 50.0, grid=True)),
    )
    for axis in (up, over):
        assert [f">{label}<" in axis for label in ("0.0%", "50.0%", "100.0%")] == [True] * 3
    assert margin(Axis("", percent), TENTHS) > 40
