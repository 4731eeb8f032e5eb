from markupsafe import Markup

from potstill.report.svg import clipped, element, number, path_of, picture, text_width


def test_numbers_are_short_and_always_alike() -> None:
    assert [number(v) for v in (3.0, 12.5, 0.126, -0.001, 1e5)] == ["3", "12.5", "0.13", "0", "100000"]


def test_attributes_and_children_are_escaped() -> None:
    made = element("text", '<b> & "', x=1.0, class_='a" onload="x')
    assert made == '<text x="1" class="a&#34; onload=&#34;x">&lt;b&gt; &amp; &#34;</text>'
    assert element("g", Markup("<b>"), y=None) == "<g><b></g>"


def test_control_characters_are_shown() -> None:
    assert element("text", "a\x1b\u202eb") == "<text>a␛⟨U+202E⟩b</text>"


def test_a_path_goes_through_its_points() -> None:
    assert path_of([(0.0, 1.0), (10.0, 2.5), (20.126, 0.0)]) == "M0,1 L10,2.5 L20.13,0"


def test_a_picture_has_a_title_and_a_description() -> None:
    made = picture("loss-540", "Loss", "it falls", 540.0, 200.0, [])
    assert 'viewBox="0 0 540 200"' in made
    assert 'role="img" aria-labelledby="loss-540-title loss-540-desc"' in made
    assert '<title id="loss-540-title">Loss</title><desc id="loss-540-desc">it falls</desc>' in made


def test_long_words_are_cut_to_the_room() -> None:
    assert clipped("short", 100.0) == "short"
    cut = clipped("a_very_long_skill_name", 70.0)
    assert cut.endswith("…")
    assert text_width(cut) <= 70.0
