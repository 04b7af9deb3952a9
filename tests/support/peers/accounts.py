"""Google Calendar and Microsoft 365: connected in a browser, watched, renewed, revoked."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, ClassVar

from emulators.google import GoogleEntry, LocalGoogle
from emulators.microsoft import LocalMicrosoft, MicrosoftEntry, Recurrence
from tests.support.engine import until
from tests.support.peers.entries import BOSS, Answer, Entry
from tests.support.peers.peer import Peer
from tests.support.peers.wire import Wire
from tests.support.providers_app import Vendors
from tests.support.running_app import ANN, BEN, RunningApp

MAILS = {ANN: "ann@cloud.example", BEN: "ben@cloud.example"}


@dataclass
class PersonalAccount(Vendors):
    """What one person does about their account."""

    address: str = ""

    @property
    def mail(self) -> str:
        return self.address


class AccountPeer(Peer):
    """What both have in common. `ids` are the entries' at the provider."""

    def __init__(self, running_app: RunningApp, wire: Wire, google: LocalGoogle, microsoft: LocalMicrosoft) -> None:
        super().__init__(running_app, wire)
        self.accounts = {
            user: PersonalAccount(running_app, google, microsoft, self.name, address=address)
            for user, address in MAILS.items()
        }
        self.ids: dict[str, str] = {}

    async def connects(self, user: str = ANN) -> None:
        status, page = await self.accounts[user].connects(user)
        assert status == 200, page

    async def arrives(self) -> None:
        await self.accounts[ANN].vendor.settled()

    async def rests(self) -> None:
        """Until every watch is made, every push taken, and all that follows from it done."""
        account = self.accounts[ANN]
        await until(account._watched)
        while True:
            await account.vendor.settled()
            await self.running_app.settle()
            if not self.under_way():
                return

    def under_way(self) -> bool:
        """Whether pushes are."""
        raise NotImplementedError

    def disturb_pushes(self) -> None:
        """From now on pushes come twice, and the last of several first."""
        raise NotImplementedError

    async def calm_pushes(self) -> None:
        """Those that are held back come, and the next ones as they should."""
        raise NotImplementedError

    def watches(self) -> int:
        return self.accounts[ANN].watches()

    async def disconnects(self, user: str = ANN) -> None:
        """The account, with all that belongs to it."""
        account = self.accounts[user]
        await account.home(user)
        await account.clicks("account_menu", "drop:", user)
        assert await account.submits({}, user) is None

    async def mends(self, user: str = ANN) -> None:
        """Follow the link of the last message, which is read some hours later."""
        message = self.running_app.slack.direct_messages(user)[-1]
        self.running_app.clock.move(hours=3)
        status, page = await self.accounts[user].connects(link=self.accounts[user].link_in({"blocks": message.blocks}))
        assert status == 200, page

    def calendar(self, key: str) -> Any:
        """Where an entry is."""
        return self.accounts[self.owners[key]].main

    async def _added(self, key: str) -> None:
        self.ids[key] = self.calendar(key).add(self.theirs(self.entries[key])).id

    async def _changed(self, key: str, before: Entry) -> None:
        old, new = self.theirs(before), self.theirs(self.entries[key])
        names = [field.name for field in fields(old) if getattr(old, field.name) != getattr(new, field.name)]
        self.calendar(key).change(self.ids[key], **{name: getattr(new, name) for name in names})

    async def _cancelled(self, key: str) -> None:
        self.calendar(key).cancel(self.ids[key])

    def theirs(self, entry: Entry) -> Any:
        """The entry in the provider's words."""
        raise NotImplementedError


class GooglePeer(AccountPeer):
    name: ClassVar[str] = "google"

    @property
    def google(self) -> LocalGoogle:
        return self.accounts[ANN].google

    def under_way(self) -> bool:
        return self.google.pushes.busy

    async def cancel_instance(self, key: str, start: datetime) -> None:
        self.calendar(key).cancel_instance(self.ids[key], start)

    async def move_instance(self, key: str, original: datetime, start: datetime, end: datetime) -> None:
        self.calendar(key).move_instance(self.ids[key], original, start, end)

    def forget_tokens(self) -> None:
        self.google.expire_sync_tokens()

    def lose_pushes(self) -> None:
        self.google.faults.lose = 1

    def disturb_pushes(self) -> None:
        self.google.faults.hold = self.google.faults.twice = True

    async def calm_pushes(self) -> None:
        await self.google.pushes.release(backwards=True)
        self.google.faults.clear()

    def is_revoked(self) -> bool:
        """Whether Ann's permission was given back."""
        return all(grant.revoked for grant in self.google.oauth.grants if grant.account == MAILS[ANN])

    def expire_access(self) -> None:
        self.google.oauth.expire_access_tokens()

    def refuse(self, user: str = ANN) -> None:
        self.google.oauth.revoke(MAILS[user])

    def theirs(self, entry: Entry) -> GoogleEntry:
        """An absence of whole days is free there, and known by its title: that is how people enter their holidays."""
        invited = entry.answer is not Answer.OWN
        responses = {Answer.OWN: "", Answer.ACCEPTED: "accepted"}
        return GoogleEntry(
            entry.title,
            entry.start,
            entry.end,
            kind="outOfOffice" if entry.away and not entry.all_day else "default",
            response=responses.get(entry.answer, entry.answer.value),
            guests=1 if invited else 0,
            organizer=BOSS if invited else "",
            visibility="private" if entry.private else "default",
            free=entry.free or (entry.away and entry.all_day),
            cancelled=entry.cancelled,
            recurrence=(f"RRULE:FREQ=DAILY;COUNT={entry.daily}",) if entry.daily else (),
        )


class MicrosoftPeer(AccountPeer):
    name: ClassVar[str] = "microsoft"

    @property
    def microsoft(self) -> LocalMicrosoft:
        return self.accounts[ANN].microsoft

    def under_way(self) -> bool:
        return self.microsoft.pushes.busy

    async def cancel_instance(self, key: str, start: datetime) -> None:
        """The first by its organizer, so that it stays and says so; the others are deleted, which leaves no trace."""
        calendar = self.calendar(key)
        first = not calendar.entries[self.ids[key]].changes
        (calendar.cancel_instance if first else calendar.remove_instance)(self.ids[key], start.date())

    async def move_instance(self, key: str, original: datetime, start: datetime, end: datetime) -> None:
        self.calendar(key).change_instance(self.ids[key], original.date(), start=start, end=end)

    async def _cancelled(self, key: str) -> None:
        self.calendar(key).remove(self.ids[key])

    def forget_tokens(self) -> None:
        self.microsoft.deltas.forget()

    def lose_pushes(self) -> None:
        self.microsoft.faults.lose = 1

    def disturb_pushes(self) -> None:
        self.microsoft.faults.hold = self.microsoft.faults.twice = True

    async def calm_pushes(self) -> None:
        await self.microsoft.settled()
        await self.microsoft.pushes.release(backwards=True)
        self.microsoft.faults.clear()

    def expire_access(self) -> None:
        self.microsoft.oauth.expire_access_tokens()

    def refuse(self, user: str = ANN) -> None:
        self.microsoft.oauth.revoke(MAILS[user])

    def theirs(self, entry: Entry) -> MicrosoftEntry:
        responses = {
            Answer.OWN: "organizer",
            Answer.ACCEPTED: "accepted",
            Answer.TENTATIVE: "tentativelyAccepted",
            Answer.DECLINED: "declined",
        }
        return MicrosoftEntry(
            entry.title,
            entry.start,
            entry.end,
            show_as="oof" if entry.away else "free" if entry.free else "busy",
            response=responses[entry.answer],
            sensitivity="private" if entry.private else "normal",
            guests=() if entry.answer is Answer.OWN else (BOSS,),
            organizer="" if entry.answer is Answer.OWN else BOSS,
            cancelled=entry.cancelled,
            recurrence=Recurrence(count=entry.daily) if entry.daily else None,
        )
