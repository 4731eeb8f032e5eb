"""The request ledger: a row a request, in SQLite, so that what was paid for is never asked for again.

    ledger = Ledger(folder / "ledger.sqlite")
    ledger.stored(keys)                  # what was answered before, by key
    ledger.write([Entry(key, ...)])      # on the disk when it returns

A request's name is its key. Its row goes from `sent` to `answered` or `failed`; a failed one may be sent again, and an answered one
never changes. Requests themselves are not kept, nor is any header: what is here came from the server, or is a number.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from potstill.errors import StoreError
from potstill.store.atomic import store_errors
from potstill.store.mounts import network_file_system
from potstill.types import Usage

NAME = "ledger.sqlite"
"""The file in a run folder."""
State = Literal["sent", "answered", "failed"]
VERSION = 1
"""Of the tables; a ledger of a newer one is refused."""
APPLICATION = 0x706F7473
"""SQLite's `application_id` of a ledger: "pots"."""
WAIT = 30.0
"""Seconds to wait for another process that writes."""
TOGETHER = 500
"""Keys looked up in one statement."""
ROWS = (64, 8, 1)
"""Rows written by one statement: other threads wait for the interpreter between statements."""
PLAIN = 1024
"""Bytes; shorter responses are not compressed."""
NOT_TOLD = Usage()
"""The usage of what was not answered."""

_TABLES = """
CREATE TABLE requests (
    key TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('sent', 'answered', 'failed')),
    attempts INTEGER NOT NULL,
    server TEXT NOT NULL, model TEXT NOT NULL, about TEXT NOT NULL,
    prompt_tokens INTEGER, completion_tokens INTEGER, reasoning_tokens INTEGER, cached_tokens INTEGER, cost_microusd INTEGER,
    charged_tokens INTEGER NOT NULL, charged_microusd INTEGER,
    sent_at REAL, answered_at REAL,
    error TEXT NOT NULL, batch TEXT NOT NULL,
    sha256 TEXT, coding TEXT NOT NULL, response BLOB
);
CREATE INDEX unfinished ON requests (batch) WHERE state = 'sent' AND batch != '';
CREATE TABLE batches (
    token TEXT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL,
    server TEXT NOT NULL,
    requests INTEGER NOT NULL,
    made_at REAL NOT NULL,
    ended INTEGER NOT NULL
);
CREATE TRIGGER answered_stays BEFORE UPDATE ON requests WHEN OLD.state = 'answered'
    BEGIN SELECT RAISE(ABORT, 'an answered request never changes'); END;
CREATE TRIGGER answered_is_kept BEFORE DELETE ON requests WHEN OLD.state = 'answered'
    BEGIN SELECT RAISE(ABORT, 'an answered request is never removed'); END;
"""
_CONTEXTS = "CREATE TABLE IF NOT EXISTS contexts (server TEXT, model TEXT, tokens INTEGER NOT NULL, PRIMARY KEY (server, model))"
"""Apart: ledgers of the same version may be without it."""
_SPOILT = "CREATE TABLE IF NOT EXISTS spoilt (key TEXT NOT NULL PRIMARY KEY, times INTEGER NOT NULL)"
"""Apart for the same reason."""
_WRITE = """
INSERT INTO requests VALUES {rows}
ON CONFLICT (key) DO UPDATE SET
    state = excluded.state, attempts = attempts + excluded.attempts,
    server = excluded.server, model = excluded.model, about = excluded.about,
    prompt_tokens = excluded.prompt_tokens, completion_tokens = excluded.completion_tokens,
    reasoning_tokens = excluded.reasoning_tokens, cached_tokens = excluded.cached_tokens, cost_microusd = excluded.cost_microusd,
    charged_tokens = charged_tokens + excluded.charged_tokens, charged_microusd = charged_microusd + excluded.charged_microusd,
    answered_at = excluded.answered_at, error = excluded.error, batch = excluded.batch,
    sha256 = excluded.sha256, coding = excluded.coding, response = excluded.response
WHERE state != 'answered'
"""
_TOTALS = """
SELECT COUNT(*), COALESCE(SUM(state = 'answered'), 0), COALESCE(SUM(state = 'failed'), 0), COALESCE(SUM(attempts), 0),
    COALESCE(SUM(prompt_tokens), 0), COALESCE(SUM(completion_tokens), 0), COALESCE(SUM(cost_microusd), 0),
    COALESCE(SUM(state = 'answered' AND cost_microusd IS NULL), 0),
    COALESCE(SUM(charged_tokens), 0), COALESCE(SUM(charged_microusd), 0)
FROM requests
"""
_FULL, _DAMAGED, _FORBIDDEN = {"SQLITE_FULL"}, {"SQLITE_CORRUPT", "SQLITE_NOTADB"}, {"SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH"}


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened to a request since it was last written.

    Attributes:
        key: the request's.
        state: what it is in now.
        attempts: how often it was sent since.
        server, model, about: for people.
        usage: what the answer took, with its cost.
        charged_tokens, charged_microusd: what a budget counts for it, unreadable responses included; None: the price is not known.
        sent_at, answered_at: seconds since 1970.
        error: why it failed; without secrets.
        batch: the batch that it went with; empty for one sent by itself.
        spoilt: whole responses that could not be read, ever; 0: none, or as many as are written down.
        response: the body, as the server sent it but for secrets: an answer's, or the last that could not be read.
    """

    key: str
    state: State
    attempts: int = 0
    server: str = ""
    model: str = ""
    about: str = ""
    usage: Usage = NOT_TOLD
    charged_tokens: int = 0
    charged_microusd: int | None = 0
    sent_at: float | None = None
    answered_at: float | None = None
    error: str = ""
    batch: str = ""
    spoilt: int = 0
    response: bytes | None = None

    def row(self) -> tuple[object, ...]:
        """The columns of the table."""
        body, usage = self.response, self.usage
        used = (usage.prompt_tokens, usage.completion_tokens, usage.reasoning_tokens, usage.cached_tokens, usage.cost_microusd)
        charged = (self.charged_tokens, self.charged_microusd, self.sent_at, self.answered_at, self.error, self.batch)
        return (self.key, self.state, self.attempts, self.server, self.model, self.about, *used, *charged, *_kept(body))


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer that was paid for.

    Attributes:
        raw: the response's body; sha256: its digest.
        usage: what it took, with the cost when it was asked.
    """

    raw: bytes
    sha256: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class Batch:
    """Requests that were submitted together.

    Attributes:
        token: our name for it, written before it was submitted.
        id: the server's; empty when it is not known whether the server has it.
        server: where it was submitted; requests: how many it holds; made_at: seconds since 1970.
    """

    token: str
    id: str
    server: str
    requests: int
    made_at: float


@dataclass(frozen=True, slots=True)
class Totals:
    """What a ledger holds.

    Attributes:
        requests, answered, failed: how many; the others were sent and not answered.
        attempts: how often requests were sent.
        prompt_tokens, completion_tokens: of the answers, where the server counted them.
        cost_microusd: of the answers whose cost is known; unpriced: how many have none.
        charged_tokens, charged_microusd: what budgets count.
    """

    requests: int = 0
    answered: int = 0
    failed: int = 0
    attempts: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_microusd: int = 0
    unpriced: int = 0
    charged_tokens: int = 0
    charged_microusd: int = 0

    def line(self) -> str:
        """The totals for people: what is charged is the server's own count, or all that an attempt could take where it told none."""
        told = [f"{self.requests:,} requests, {self.answered:,} answered, in {self.attempts:,} attempts"]
        untold = self.charged_tokens - self.prompt_tokens - self.completion_tokens
        told.append(f"{self.charged_tokens:,} tokens" + (f" ({untold:,} at most without a readable answer)" if untold > 0 else ""))
        if self.answered > self.unpriced:
            untold = self.charged_microusd - self.cost_microusd
            told.append(f"{_usd(self.charged_microusd)} US dollars" + (f" ({_usd(untold)} at most without)" if untold > 0 else ""))
        if 0 < self.unpriced < self.answered:
            told.append(f"and {self.unpriced:,} answers whose price is not known")
        return ", ".join(told)


class Ledger:
    """A ledger; several threads may use one.

    Args:
        path: its file, made when it is not there; None: in memory.

    Raises:
        StoreError: the file lies on a network file system, is no ledger, is of a newer version, is damaged or cannot be written. Every
            method raises it for a file that is damaged, or that can no longer be read or written.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path, self._lock = path, threading.RLock()
        self._where = str(path) if path else "the ledger in memory"
        if path is not None:
            _refuse_network(path)
            with store_errors(path):
                path.parent.mkdir(parents=True, exist_ok=True)
        with self._errors():
            self._connection = sqlite3.connect(path or ":memory:", timeout=WAIT, isolation_level=None, check_same_thread=False)
        try:
            with self._errors():
                self._prepare()
        except StoreError:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        if self.path is not None:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
        with self._transaction():
            version, application = self._number("PRAGMA user_version"), self._number("PRAGMA application_id")
            if application == 0 and version == 0 and not self._number("SELECT COUNT(*) FROM sqlite_master"):
                for statement in _statements(_TABLES):
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA application_id = {APPLICATION}")
                self._connection.execute(f"PRAGMA user_version = {VERSION}")
            elif application != APPLICATION:
                raise StoreError("not a request ledger of potstill", where=self._where, fix="move it away, or choose another folder")
            elif version > VERSION:
                what = f"the ledger has version {version}; this potstill knows up to {VERSION}"
                raise StoreError(what, where=self._where, fix="use the newer potstill that wrote it")
            self._connection.execute(_CONTEXTS)
            self._connection.execute(_SPOILT)

    def _number(self, query: str) -> int:
        return int(self._connection.execute(query).fetchone()[0])

    def close(self) -> None:
        """Close the file; nothing can be read or written after."""
        with self._lock:
            self._connection.close()

    def stored(self, keys: Sequence[str]) -> dict[str, Stored]:
        """The answers among `keys`, by key.

        Raises:
            StoreError: an answer is damaged.
        """
        found: dict[str, Stored] = {}
        for start in range(0, len(keys), TOGETHER):
            some = keys[start : start + TOGETHER]
            columns = "key, response, coding, sha256, prompt_tokens, completion_tokens, reasoning_tokens, cached_tokens, cost_microusd"
            query = f"SELECT {columns} FROM requests WHERE state = 'answered' AND key IN ({','.join('?' * len(some))})"
            with self._errors(), self._lock:
                rows = self._connection.execute(query, some).fetchall()
            for key, packed, coding, sha256, *used in rows:
                found[key] = Stored(self._body(key, packed, coding, sha256), sha256, Usage(*used))
        return found

    def _body(self, key: str, packed: bytes, coding: str, sha256: str) -> bytes:
        """A response, as it was written."""
        try:
            raw = zlib.decompress(packed) if coding else packed
        except zlib.error:
            raw = b""
        if hashlib.sha256(raw).hexdigest() != sha256:
            fix = "restore the file from a copy; or choose another run folder, or move the ledger away: every answer is then paid anew"
            raise StoreError(f"the stored answer to request {key[:16]} is damaged", where=self._where, fix=fix)
        return raw

    def answered(self, keys: Sequence[str]) -> set[str]:
        """Those of `keys` that are answered."""
        found: set[str] = set()
        for start in range(0, len(keys), TOGETHER):
            some = keys[start : start + TOGETHER]
            query = f"SELECT key FROM requests WHERE state = 'answered' AND key IN ({','.join('?' * len(some))})"
            with self._errors(), self._lock:
                found.update(key for (key,) in self._connection.execute(query, some))
        return found

    def write(self, entries: Sequence[Entry]) -> None:
        """Write down what happened to requests, all or nothing; it is on the disk when this returns. Answered ones stay as they are."""
        rows = [entry.row() for entry in entries]
        with self._transaction():
            self._write(rows)
            spoilt = [(entry.key, entry.spoilt) for entry in entries if entry.spoilt]
            self._connection.executemany("INSERT OR REPLACE INTO spoilt VALUES (?, ?)", spoilt)

    def spoilt(self) -> dict[str, int]:
        """How many whole responses could not be read, by the key of a request that is not answered."""
        query = "SELECT key, times FROM spoilt JOIN requests USING (key) WHERE state != 'answered'"
        with self._errors(), self._lock:
            return dict(self._connection.execute(query).fetchall())

    def _write(self, rows: Sequence[tuple[object, ...]]) -> None:
        start = 0
        for size in ROWS:
            while len(rows) - start >= size:
                self._connection.execute(_write_statement(size), [value for row in rows[start : start + size] for value in row])
                start += size

    def totals(self) -> Totals:
        """What the ledger holds altogether."""
        with self._errors(), self._lock:
            return Totals(*self._connection.execute(_TOTALS).fetchone())

    def context(self, server: str, model: str) -> int | None:
        """Most tokens that a server's model reads and writes together, as it was told; None: it was not."""
        with self._errors(), self._lock:
            row = self._connection.execute("SELECT tokens FROM contexts WHERE server = ? AND model = ?", (server, model)).fetchone()
        return None if row is None else int(row[0])

    def remember_context(self, server: str, model: str, tokens: int) -> None:
        """Write it down, over what was told before."""
        with self._transaction():
            self._connection.execute("INSERT OR REPLACE INTO contexts VALUES (?, ?, ?)", (server, model, tokens))

    def has_answers(self, server: str, model: str) -> bool:
        """Whether there is an answer of a server's model, or one of the server's whose request names none."""
        query = "SELECT EXISTS (SELECT 1 FROM requests WHERE state = 'answered' AND server = ? AND model IN (?, ''))"
        with self._errors(), self._lock:
            return bool(self._connection.execute(query, (server, model)).fetchone()[0])

    def begin_batch(self, batch: Batch, entries: Sequence[Entry]) -> None:
        """Write down that a batch is about to be submitted, with its requests; one whose token is there is replaced."""
        rows = [entry.row() for entry in entries]
        with self._transaction():
            values = (batch.token, batch.id, batch.server, batch.requests, batch.made_at)
            self._connection.execute("INSERT OR REPLACE INTO batches VALUES (?, ?, ?, ?, ?, 0)", values)
            self._write(rows)

    def name_batch(self, token: str, id: str) -> None:
        """Write down the id that the server gave a batch."""
        with self._transaction():
            self._connection.execute("UPDATE batches SET id = ? WHERE token = ?", (id, token))

    def end_batch(self, token: str, error: str = "") -> None:
        """Nothing more is expected of a batch: those of its requests that are not answered failed with `error`, and may be sent again."""
        with self._transaction():
            self._connection.execute("UPDATE batches SET ended = 1 WHERE token = ?", (token,))
            update = "UPDATE requests SET state = 'failed', error = ? WHERE batch = ? AND state = 'sent'"
            self._connection.execute(update, (error, token))

    def open_batches(self, server: str) -> list[Batch]:
        """The batches at a server that have not ended, oldest first."""
        query = "SELECT token, id, server, requests, made_at FROM batches WHERE NOT ended AND server = ? ORDER BY made_at"
        with self._errors(), self._lock:
            return [Batch(*row) for row in self._connection.execute(query, (server,))]

    def batch_ids(self, server: str) -> set[str]:
        """The ids of all batches at a server that are known, ended ones too."""
        with self._errors(), self._lock:
            return {id for (id,) in self._connection.execute("SELECT id FROM batches WHERE server = ? AND id != ''", (server,))}

    def expected(self, token: str) -> set[str]:
        """The keys of a batch's requests that are not answered yet."""
        query = "SELECT key FROM requests WHERE batch = ? AND state = 'sent' AND batch != ''"
        with self._errors(), self._lock:
            return {key for (key,) in self._connection.execute(query, (token,))}

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing, and on the disk at the end."""
        with self._errors(), self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """SQLite's errors become StoreErrors that say what to do."""
        try:
            yield
        except sqlite3.Error as error:
            raise self._explained(error) from error

    def _explained(self, error: sqlite3.Error) -> StoreError:
        name, again = getattr(error, "sqlite_errorname", ""), "run the same command: it goes on where it stopped"
        if name in _FULL:
            what, fix = "cannot be written: no space left on the disk", f"make room and {again}"
        elif name in _DAMAGED:
            what, fix = (
                f"the ledger is damaged: {error}",
                "restore it from a copy, or move it away: what it holds is then asked, and paid, again",
            )
        elif name in _FORBIDDEN or name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN")):
            what, fix = f"the ledger cannot be opened or written: {error}", "change its permissions, or choose another folder"
        elif name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            what, fix = "another process is writing the ledger", "wait until it is done, or stop it"
        else:
            what, fix = f"the ledger cannot be read or written: {error}", f"see to the disk and {again}"
        return StoreError(what, where=self._where, fix=fix)


def _usd(microusd: int) -> str:
    return f"{microusd / 1e6:,.6f}"


def _kept(body: bytes | None) -> tuple[str | None, str, bytes | None]:
    """A response's digest, how it is packed, and its bytes."""
    if body is None:
        return None, "", None
    sha256 = hashlib.sha256(body).hexdigest()
    return (sha256, "", body) if len(body) < PLAIN else (sha256, "zlib", zlib.compress(body, 1))


@cache
def _write_statement(rows: int) -> str:
    """The statement that writes so many rows."""
    return _WRITE.format(rows=", ".join(["(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"] * rows))


def _statements(script: str) -> Iterator[str]:
    """The statements of a script, one by one: SQLite's own way to run a script commits first."""
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _refuse_network(path: Path) -> None:
    kind = network_file_system(path)
    if kind is not None:
        what = f"the request ledger cannot lie on a network file system ({kind}): what is written there can be lost"
        raise StoreError(what, where=str(path), fix="put the run folder on a local disk")
