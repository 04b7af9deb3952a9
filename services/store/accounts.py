"""People's accounts at providers: what lets us in, what they offer, and the claim that lets one replica renew it."""

from __future__ import annotations

import json
import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, delete, insert, or_, select, update

from services.domain.calendars import Health, Offer, OfferedCalendar, Watch
from services.domain.errors import AccountLostError, AccountNotConsentedError, TooManyError
from services.domain.model import PersonKey
from services.domain.request_errors import LinkExpiredError
from services.platform.crypto import Encryptor
from services.store.calendar_rows import mark_home_stale, of_its_calendar, subject
from services.store.calendar_tables import ACCOUNTS, CALENDARS, WATCHES
from services.store.db import Database, Store
from services.store.entries import forget_entries, written_entries
from services.store.person_rows import NoticeStore, chunks, lock_one, lock_people, mark_due, of_people, of_person, those

MOST = 10
"""Accounts that one person may connect."""

_CONSENT = "consent"
"""The state of an account that is lost, and that an administrator has to allow before it is connected anew."""

_ONE = select(ACCOUNTS).where(of_people(ACCOUNTS), ACCOUNTS.c.account_id == bindparam("account"))
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class StoredAccount:
    """An account as it is kept; `seq` is the fence that a change of its credentials carries.

    `subject` tells it from others at its provider: a CalDAV account's is the address of its principal.
    """

    key: PersonKey
    account_id: str
    provider: str
    lost: bool
    seq: int
    credentials: Mapping[str, Any] = field(repr=False)
    subject: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AccountView:
    """A connected account as its owner sees it. `lost`: it has to be connected anew.

    `consent`: an administrator has to allow that first.
    """

    account_id: str
    provider: str
    name: str
    lost: bool = False
    consent: bool = False

    @property
    def trouble(self) -> str:
        """What is wrong with a lost account, as a sentence."""
        return (AccountNotConsentedError if self.consent else AccountLostError).sentence()


@dataclass(frozen=True, slots=True)
class Cleanup:
    """What is left to do at a provider. `revoke`: the account goes too."""

    provider: str
    credentials: Mapping[str, Any] = field(repr=False)
    watches: tuple[Watch, ...] = ()
    revoke: bool = True
    entries: tuple[str, ...] = ()
    """Entries of ours in the account's calendar."""


class AccountStore(Store):
    """Reads and writes `accounts`. Each method is one short transaction."""

    def __init__(self, database: Database, encryptor: Encryptor, notices: NoticeStore) -> None:
        super().__init__(database, encryptor)
        self._notices = notices

    # ── the owner's side ────────────────────────────────────────────────────────────────────────────

    async def connect(
        self,
        key: PersonKey,
        provider: str,
        offer: Offer,
        credentials: Mapping[str, Any],
        now: datetime,
        *,
        connected_by: str | None = None,
    ) -> tuple[str, bool]:
        """Keep an account, or mend the one of the same subject, whose calendars are due again; its id, and if new.

        `connected_by` is the admin, where it is of leave calendars.
        Raises TooManyError, and LinkExpiredError where the person is not ours any more.
        """
        async with self._database.write() as connection:
            if not await lock_one(connection, key):
                raise LinkExpiredError("unknown person")
            rows = (await connection.execute(select(ACCOUNTS).where(of_person(ACCOUNTS, key)))).all()
            alike = (row for row in rows if row.provider == provider and self._text(row, "subject") == offer.subject)
            known = next(alike, None)
            if known is None and len(rows) >= MOST:
                raise TooManyError("accounts", most=MOST)
            account_id = "A" + secrets.token_hex(8) if known is None else known.account_id
            place = (key.team_id, key.user_id, account_id)
            values = {
                "name": self._encryptor.seal(offer.name[:_LONGEST_NAME], "accounts.name", *place),
                "credentials": self._encryptor.seal(json.dumps(dict(credentials)), "accounts.credentials", *place),
                "offer": self._offer(place, offer),
                "subject_digest": self._encryptor.digest(f"{provider}\n{offer.subject}".encode()),
                "state": "ok",
                "leased_until": None,
                "connected_by": connected_by,
            }
            if known is None:
                whose = self._encryptor.seal(offer.subject, "accounts.subject", *place)
                await connection.execute(
                    insert(ACCOUNTS).values(
                        team_id=key.team_id, user_id=key.user_id, account_id=account_id, provider=provider,
                        subject=whose, created_at=now, seq=0, **values,
                    )
                )  # fmt: skip
                await mark_due(connection, key, now)  # its address tells who is inside, in every calendar of theirs
            else:
                mended = update(ACCOUNTS).where(_is(key, account_id)).values(seq=ACCOUNTS.c.seq + 1, **values)
                await connection.execute(mended)
                due = update(CALENDARS).where(_its_calendars(key, account_id))
                await connection.execute(due.values(due_at=now, watch_due_at=now, watch_failures=0))
                await self._notices.worked(connection, _subject(account_id), key)
            await mark_home_stale(connection, key)
        return account_id, known is None

    async def of(self, key: PersonKey) -> Sequence[AccountView]:
        """List a person's accounts, oldest first."""
        theirs = select(ACCOUNTS).where(of_person(ACCOUNTS, key)).order_by(ACCOUNTS.c.created_at, ACCOUNTS.c.account_id)
        rows = [(row, self._text(row, "name") or "") for row in await self._database.fetch(theirs)]
        return [
            AccountView(row.account_id, row.provider, name, row.state != "ok", row.state == _CONSENT)
            for row, name in rows
        ]

    async def offered(self, key: PersonKey, account_id: str) -> tuple[OfferedCalendar, ...]:
        """List the calendars that an account had when it was last looked at."""
        row = await self._row(key, account_id)
        listed = json.loads((row is not None and self._text(row, "offer")) or "[]")
        return tuple(OfferedCalendar(address, name, main) for address, name, main in listed)

    async def remember(self, key: PersonKey, account_id: str, offer: Offer) -> None:
        """Keep what the account has now."""
        sealed = self._offer((key.team_id, key.user_id, account_id), offer)
        await self._database.execute(update(ACCOUNTS).where(_is(key, account_id)).values(offer=sealed))

    async def remove(self, key: PersonKey, account_id: str, now: datetime) -> bool:
        """Delete an account with its calendars and their events; the person becomes due. False where there is none."""
        async with self._database.write() as connection:
            await lock_people(connection, [key])
            gone = await connection.execute(delete(ACCOUNTS).where(_is(key, account_id)))
            if not gone.rowcount:
                return False
            theirs = await connection.scalars(select(CALENDARS.c.calendar_id).where(_its_calendars(key, account_id)))
            for about in (_subject(account_id), *map(subject, theirs)):
                await self._notices.worked(connection, about, key)
            await connection.execute(delete(CALENDARS).where(_its_calendars(key, account_id)))
            await forget_entries(connection, key, account_id)
            await mark_due(connection, key, now)
        return True

    async def trouble(self, key: PersonKey, account_id: str) -> AccountView | None:
        """Return an account that is lost; None where it is gone or well."""
        return next((view for view in await self.of(key) if view.account_id == account_id and view.lost), None)

    # ── renewing ────────────────────────────────────────────────────────────────────────────────────

    async def load(self, key: PersonKey, account_id: str) -> StoredAccount | None:
        """Return the account; None where it is gone, or cannot be opened."""
        row = await self._row(key, account_id)
        secret = None if row is None else self._text(row, "credentials")
        if row is None or secret is None:
            return None
        subject_of = self._text(row, "subject") or ""
        return StoredAccount(key, account_id, row.provider, row.state != "ok", row.seq, json.loads(secret), subject_of)

    async def claim(self, account: StoredAccount, now: datetime, until: datetime) -> bool:
        """Claim the renewal until then; return whether it is ours."""
        free = or_(ACCOUNTS.c.leased_until.is_(None), ACCOUNTS.c.leased_until <= now)
        return await self._write(account, {"leased_until": until}, free)

    async def renewed(self, account: StoredAccount, credentials: Mapping[str, Any]) -> bool:
        """Keep what was got for it; False where the account was connected anew meanwhile, or is gone."""
        place = (account.key.team_id, account.key.user_id, account.account_id)
        sealed = self._encryptor.seal(json.dumps(dict(credentials)), "accounts.credentials", *place)
        return await self._write(account, {"credentials": sealed, "seq": account.seq + 1, "leased_until": None})

    async def release(self, account: StoredAccount) -> None:
        """Give up the claim on a renewal that did not come about; anybody may try."""
        await self._write(account, {"leased_until": None})

    async def take_up(self) -> None:
        """Release every renewal. Only for who has the database alone."""
        await self._database.execute(
            update(ACCOUNTS).where(ACCOUNTS.c.leased_until.is_not(None)).values(leased_until=None)
        )

    async def lost(self, account: StoredAccount, *, consent: bool = False) -> bool:
        """Let its calendars rest, with their last good events, and tell its person once. False where it was mended.

        `consent`: an administrator has to allow it.
        """
        key = account.key
        async with self._database.write() as connection:
            await lock_people(connection, [key])
            well = update(ACCOUNTS).where(_fenced(account), ACCOUNTS.c.state == "ok")
            lost = well.values(state=_CONSENT if consent else "lost", leased_until=None)
            if not (await connection.execute(lost)).rowcount:
                return False
            resting = {"due_at": None, "watch_due_at": None, "health": Health.BROKEN}
            its = update(CALENDARS).where(_its_calendars(key, account.account_id))
            await connection.execute(its.values(problem=AccountLostError.__name__, **resting))
            await self._notices.tell(connection, key, _subject(account.account_id))
            await mark_home_stale(connection, key)
        return True

    async def _write(self, account: StoredAccount, values: Mapping[str, Any], *more: ColumnElement[bool]) -> bool:
        """Write behind the fence."""
        return bool(await self._database.execute(update(ACCOUNTS).where(_fenced(account), *more).values(**values)))

    # ── disconnecting ─────────────────────────────────────────────────────────────────────────────────────

    async def cleanups(
        self, team_id: str, user_id: str = "", *, account_id: str = "", calendar_id: str = ""
    ) -> list[Cleanup]:
        """Return what is left to do at providers when a workspace, a person, an account or one calendar goes.

        With a `calendar_id` only that calendar's watches; the account stays. A permission that others have, too (the
        same account, connected by somebody else or from another workspace), is not given back: a provider may take it
        from all of them (developers.google.com/identity/protocols/oauth2/web-server, "Revoking a token").
        """
        accounts = select(ACCOUNTS).where(ACCOUNTS.c.team_id == team_id)
        watches = (
            select(WATCHES, CALENDARS.c.account_id)
            .join(CALENDARS, of_its_calendar(WATCHES))
            .where(WATCHES.c.team_id == team_id, WATCHES.c.expires_at.is_not(None))
        )
        if user_id:
            accounts, watches = (
                accounts.where(ACCOUNTS.c.user_id == user_id),
                watches.where(WATCHES.c.user_id == user_id),
            )
        if account_id:
            accounts = accounts.where(ACCOUNTS.c.account_id == account_id)
        if calendar_id:
            watches = watches.where(WATCHES.c.calendar_id == calendar_id)
        watched: defaultdict[tuple[str, str | None], list[Watch]] = defaultdict(list)
        for one in await self._database.fetch(watches):
            watched[one.user_id, one.account_id].append(Watch(one.watch_id, one.remote_id, one.expires_at))
        rows = await self._database.fetch(accounts)
        shared = set() if calendar_id else await self._shared(rows)
        entries = {} if calendar_id else await written_entries(self._database, team_id, user_id)
        found = []
        for row in rows:
            theirs = tuple(watched[row.user_id, row.account_id])
            secret = self._text(row, "credentials")
            if secret is not None and (theirs or not calendar_id):
                revoke = not calendar_id and row.subject_digest not in shared
                ours = tuple(entries.get((row.user_id, row.account_id), ()))
                found.append(Cleanup(row.provider, json.loads(secret), theirs, revoke=revoke, entries=ours))
        return found

    async def _shared(self, rows: Sequence[Row[Any]]) -> set[str]:
        """Return the digests of those accounts that are connected once more, besides `rows`."""
        mine = {(row.team_id, row.user_id, row.account_id) for row in rows}
        columns = ACCOUNTS.c.team_id, ACCOUNTS.c.user_id, ACCOUNTS.c.account_id, ACCOUNTS.c.subject_digest
        found: set[str] = set()
        for some in chunks(sorted({row.subject_digest for row in rows})):
            alike = select(*columns).where(ACCOUNTS.c.subject_digest.in_(some), ACCOUNTS.c.state == "ok")
            found |= {digest for *whose, digest in await self._database.fetch(alike) if tuple(whose) not in mine}
        return found

    async def _row(self, key: PersonKey, account_id: str) -> Row[Any] | None:
        (rows,) = await self._database.rows((_ONE, those([key], account=account_id)))
        return rows[0] if rows else None

    def _text(self, row: Row[Any], column: str) -> str | None:
        """Open a column; None where it is empty or its key is gone."""
        return self._readable(getattr(row, column), f"accounts.{column}", row.team_id, row.user_id, row.account_id)

    def _offer(self, place: tuple[str, str, str], offer: Offer) -> Any:
        listed = [[one.address, one.name[:_LONGEST_NAME], one.main] for one in offer.calendars]
        return self._encryptor.seal(json.dumps(listed), "accounts.offer", *place)


def _is(key: PersonKey, account_id: str) -> ColumnElement[bool]:
    return and_(of_person(ACCOUNTS, key), ACCOUNTS.c.account_id == account_id)


def _fenced(account: StoredAccount) -> ColumnElement[bool]:
    return and_(_is(account.key, account.account_id), ACCOUNTS.c.seq == account.seq)


def _its_calendars(key: PersonKey, account_id: str) -> ColumnElement[bool]:
    return and_(of_person(CALENDARS, key), CALENDARS.c.account_id == account_id)


def _subject(account_id: str) -> str:
    return f"account/{account_id}"
