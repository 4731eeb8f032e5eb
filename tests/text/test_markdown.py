import yaml

from potstill.text.markdown import front_matter, licence_keys, plain, quoted, visible


def test_hidden_characters_are_shown() -> None:
    assert visible("a\x00\x1b[31m\u202eb\u200b\ufeff\n\té€🙂") == "a␀␛[31m⟨U+202E⟩b⟨U+200B⟩⟨U+FEFF⟩\n\té€🙂"


def test_names_cannot_break_out_of_table_list_or_front_matter() -> None:
    assert plain("a | b\n# c `x` <b> *d*") == r"a \| b \# c \`x\` \<b\> \*d\*"
    assert plain("[click](http://x)") == r"\[click\](http://x)"
    assert plain("97.1% [94.8, 98.9]") == "97.1% [94.8, 98.9]"
    assert quoted('a"b\nlicense: mit\u202e') == '"a\\"b license: mit⟨U+202E⟩"'
    assert front_matter([("tags", ("a: b", "c"))]) == 'tags:\n- "a: b"\n- "c"'


def test_yaml_reads_back_what_was_written() -> None:
    front = (("title", 'a: "b" # c'), ("tags", ("no", "1e-4")))
    assert yaml.safe_load(front_matter(front)) == {"title": 'a: "b" # c', "tags": ["no", "1e-4"]}
    assert yaml.safe_load(quoted("two\nlines")) == "two lines"


def test_a_licence_is_never_made_up() -> None:
    assert licence_keys({"MIT"}) == {"license": "mit"}
    assert licence_keys({"apache-2.0", "Apache-2.0"}) == {"license": "apache-2.0"}
    assert licence_keys({"MIT", "Apache-2.0"}) == {"license": "other", "license_name": "several-see-below"}
    assert licence_keys({"MIT", ""}) == {}
    assert licence_keys(()) == {}
