from __future__ import annotations

import hashlib
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from potstill.errors import StoreError
from potstill.store import ledger as module
from potstill.store.ledger import PLAIN, Batch, Entry, Ledger, Stored, Totals
from potstill.types import Usage

SHORT, LONG = b'{"short": 1}', b'{"long": "' + b"x" * PLAIN + b'"}'


def answered(key: str, response: bytes = SHORT, **fields: object) -> Entry:
    return Entry(
        key, "answered", attempts=1, usage=Usage(3, 2, cost_microusd=7), charged_tokens=5, charged_microusd=7, response=response, **fields
    )


def test_answers_are_found_by_their_keys_when_it_is_opened_again(tmp_path: Path) -> None:
    first = Ledger(tmp_path / "run" / "ledger.sqlite")
    first.write([answered("a"), answered("b", LONG), Entry("c", "sent", attempts=1), Entry("d", "failed", attempts=2, error="no")])
    first.close()
    found = Ledger(tmp_path / "run" / "ledger.sqlite").stored(["a", "b", "c", "d", "e"])
    assert {key: stored.raw for key, stored in found.items()} == {"a": SHORT, "b": LONG}
    assert found["a"] == Stored(SHORT, hashlib.sha256(SHORT).hexdigest(), Usage(3, 2, cost_microusd=7))


def test_many_are_written_and_found_at_once() -> None:
    ledger, keys = Ledger(), [f"{i:064}" for i in range(1203)]
    ledger.write([answered(key, str(i).encode()) for i, key in enumerate(keys)])
    found = ledger.stored(keys)
    assert [int(found[key].raw) for key in keys] == list(range(1203))


def test_totals_add_up() -> None:
    ledger = Ledger()
    assert ledger.totals() == Totals()
    ledger.write([answered("a"), answered("b"), Entry("c", "failed", attempts=4, charged_tokens=9), Entry("d", "sent", attempts=1)])
    ledger.write([Entry("e", "answered", attempts=1, usage=Usage(1, 1), charged_tokens=2, charged_microusd=None, response=SHORT)])
    assert ledger.totals() == Totals(5, 3, 1, 8, 7, 5, 14, 1, 21, 14)


@pytest.mark.parametrize(
    ("totals", "line"),
    [
        (Totals(2, 2, 0, 2, 6, 4, 0, 2, 10, 0), "2 requests, 2 answered, in 2 attempts, 10 tokens"),
        (
            Totals(3, 1, 1, 5, 6, 4, 1_000, 0, 40, 4_000),
            "3 requests, 1 answered, in 5 attempts, 40 tokens (30 at most without a readable answer), "
            "0.004000 US dollars (0.003000 at most without)",
        ),
        (
            Totals(2, 2, 0, 2, 6, 4, 1_000, 1, 10, 1_000),
            "2 requests, 2 answered, in 2 attempts, 10 tokens, 0.001000 US dollars, and 1 answers whose price is not known",
        ),
    ],
)
def test_the_totals_are_told_in_a_line(totals: Totals, line: str) -> None:
    assert totals.line() == line


def test_an_answered_row_never_changes() -> None:
    ledger = Ledger()
    ledger.write([answered("a")])
    ledger.write([Entry("a", "failed", attempts=1, error="late"), answered("a", LONG)])
    assert ledger.stored(["a"])["a"].raw == SHORT
    assert ledger.totals().attempts == 1
    for statement in ("UPDATE requests SET attempts = 9", "DELETE FROM requests"):
        with pytest.raises(sqlite3.IntegrityError, match="an answered request"):
            ledger._connection.execute(statement)


def test_attempts_and_charges_add_up_over_the_life_of_a_request() -> None:
    ledger = Ledger()
    ledger.write([Entry("a", "sent", attempts=1, sent_at=10.0)])
    ledger.write([Entry("a", "failed", charged_tokens=10, charged_microusd=20, error="cut off")])
    ledger.write([Entry("a", "sent", attempts=1, sent_at=20.0)])
    ledger.write([Entry("a", "answered", charged_tokens=5, charged_microusd=7, response=SHORT, answered_at=30.0)])
    row = ledger._connection.execute("SELECT state, attempts, charged_tokens, charged_microusd, sent_at, answered_at, error FROM requests")
    assert row.fetchone() == ("answered", 2, 15, 27, 10.0, 30.0, "")


def test_a_write_is_whole_or_not_at_all(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger._connection.execute("CREATE TRIGGER t BEFORE INSERT ON requests WHEN NEW.key = 'b' BEGIN SELECT RAISE(ABORT, 'no b'); END")
    with pytest.raises(StoreError, match="cannot be read or written: no b"):
        ledger.write([answered(f"{i}") for i in range(70)] + [answered("a"), answered("b")])
    assert ledger.stored(["a"]) == {}
    ledger.write([answered("a")])
    assert set(ledger.stored(["a"])) == {"a"}


def test_several_threads_may_use_one(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")

    def work(turn: int) -> None:
        ledger.write([answered(f"{turn}-{i}") for i in range(20)])
        assert len(ledger.stored([f"{turn}-{i}" for i in range(20)])) == 20

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(40)))
    assert ledger.totals().answered == 800


def test_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "network_file_system", lambda path: "nfs4")
    with pytest.raises(StoreError, match=r"cannot lie on a network file system \(nfs4\).*put the run folder on a local disk"):
        Ledger(tmp_path / "run" / "ledger.sqlite")
    assert not (tmp_path / "run").exists()


def test_a_newer_version_is_refused(tmp_path: Path) -> None:
    Ledger(tmp_path / "ledger.sqlite")._connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="the ledger has version 99; this potstill knows up to 1; use the newer"):
        Ledger(tmp_path / "ledger.sqlite")


def test_another_database_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "ledger.sqlite") as other:
        other.execute("CREATE TABLE mine (x)")
    with pytest.raises(StoreError, match="not a request ledger"):
        Ledger(tmp_path / "ledger.sqlite")


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"nothing that SQLite knows" * 100)
    with pytest.raises(StoreError, match=r"ledger\.sqlite: the ledger is damaged: .*; restore it"):
        Ledger(path)


def test_a_damaged_page_is_told(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(path)
    ledger.write([answered(f"{i:064}", LONG) for i in range(500)])
    ledger.close()
    content = bytearray(path.read_bytes())
    content[4096 : len(content)] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StoreError, match="damaged"):
        Ledger(path).stored([f"{i:064}" for i in range(500)])


def test_a_flipped_byte_in_an_answer_is_found() -> None:
    ledger = Ledger()
    ledger.write([answered("a"), answered("b", LONG)])
    ledger._connection.execute("DROP TRIGGER answered_stays")
    for key, wrong in (("a", b'{"short": 2}'), ("b", b"no zlib")):
        ledger._connection.execute("UPDATE requests SET response = ? WHERE key = ?", (wrong, key))
        with pytest.raises(StoreError, match=f"the stored answer to request {key} is damaged"):
            ledger.stored([key])


def test_a_full_disk_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.write([answered("a")])
    pages = ledger._number("PRAGMA page_count")
    ledger._connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StoreError, match="no space left on the disk; make room and run the same command"):
        ledger.write([Entry(f"{i}", "answered", response=bytes(str(hash(str(i))) * 100, "ascii")) for i in range(1000)])
    assert set(ledger.stored(["a", "0", "1"])) == {"a"}
    ledger._connection.execute("PRAGMA max_page_count = 100000")
    ledger.write([answered("b")])
    assert set(ledger.stored(["a", "b"])) == {"a", "b"}


def test_a_file_size_limit_is_told(tmp_path: Path) -> None:
    script = """
import resource, signal, sys
from pathlib import Path
from potstill.errors import StoreError
from potstill.store.ledger import Entry, Ledger
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
ledger = Ledger(Path(sys.argv[1]))
ledger.write([Entry("a", "answered", response=b"kept")])
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    for turn in range(1000):
        ledger.write([Entry(f"{turn}-{i}", "answered", response=b"x" * 900) for i in range(50)])
except StoreError as error:
    print(error)
"""
    path = tmp_path / "ledger.sqlite"
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    assert "ledger.sqlite: " in done.stdout
    assert "goes on where it stopped" in done.stdout
    again = Ledger(path)
    assert again.stored(["a"])["a"].raw == b"kept"
    assert again.totals().answered % 50 == 1


def test_a_folder_without_permission_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="a file where a folder belongs"):
        Ledger(tmp_path / "file" / "ledger.sqlite")
    (tmp_path / "ledger.sqlite").mkdir()
    with pytest.raises(StoreError, match="cannot be opened"):
        Ledger(tmp_path / "ledger.sqlite")


def test_a_batch_is_known_from_before_it_is_submitted_until_it_ends(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.begin_batch(Batch("t", "", "http://x", 2, 5.0), [Entry("a", "sent", batch="t"), Entry("b", "sent", batch="t")])
    assert Ledger(tmp_path / "ledger.sqlite").open_batches("http://x") == [Batch("t", "", "http://x", 2, 5.0)]
    ledger.name_batch("t", "batch_1")
    ledger.write([answered("a", batch="t")])
    assert [batch.id for batch in ledger.open_batches("http://x")] == ["batch_1"]
    assert ledger.open_batches("http://y") == []
    assert ledger.expected("t") == {"b"}
    ledger.end_batch("t")
    assert ledger.open_batches("http://x") == []
    assert ledger.expected("t") == set()
    assert ledger.totals().failed == 1


def test_what_a_server_said_last_of_its_context_is_remembered(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    first = Ledger(path)
    first._connection.execute("DROP TABLE contexts")  # as in a ledger that was made before
    first.close()
    second = Ledger(path)
    assert second.context("http://h", "m") is None
    second.remember_context("http://h", "m", 100)
    second.remember_context("http://h", "m", 200)
    second.close()
    third = Ledger(path)
    assert (third.context("http://h", "m"), third.context("http://h", "n"), third.context("http://g", "m")) == (200, None, None)


def test_answers_of_a_model_are_told_from_others() -> None:
    ledger = Ledger()
    ledger.write([answered("a", server="http://h", model="m"), Entry("b", "failed", server="http://h", model="n")])
    told = [ledger.has_answers(server, model) for server, model in (("http://h", "m"), ("http://h", "n"), ("http://g", "m"))]
    assert told == [True, False, False]
    ledger.write([answered("c", server="http://h", model="")])
    assert ledger.has_answers("http://h", "n")


def test_the_ids_of_all_batches_are_known() -> None:
    ledger = Ledger()
    for token, id, server in (("t", "", "http://x"), ("u", "b1", "http://x"), ("v", "b2", "http://x"), ("w", "b3", "http://y")):
        ledger.begin_batch(Batch(token, id, server, 1, 1.0), [])
    ledger.end_batch("u", "gone")
    assert ledger.batch_ids("http://x") == {"b1", "b2"}
