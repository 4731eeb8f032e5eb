from __future__ import annotations

import pytest

from potstill.errors import InputError
from potstill.sources import open_source
from potstill.sources.mined import mined_table
from potstill.store import tables
from potstill.store.artifact import digest_file
from potstill.types import Message, Prompt


def test_failures_are_prompts(tmp_path):
    prompt = Prompt((Message("user", "2+2?"),), reference="4", skill="sum")
    path = tmp_path / "mined.parquet"
    tables.write(path, mined_table([prompt], ["wrong"]))
    opened = open_source(f"mined:{path}", "prompts.sources", {})
    assert list(opened.source.prompts()) == [prompt]
    assert opened.source.fingerprint() == digest_file(path)
    with pytest.raises(InputError, match=r"prompts\.sources 'mined:runs/none': no failures were mined here: runs/none"):
        open_source("mined:runs/none", "prompts.sources", {})
