"""Accounts and hooks that are kept in memory: what the surface calls, without providers."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from services.calendars.accounts import Choice, Connected
from services.calendars.oauth_flow import AccountLink
from services.domain.calendars import OfferedCalendar
from services.domain.model import PersonKey
from services.domain.request_errors import NotOfferedError
from services.store.accounts import AccountView


def offered(count: int, prefix: str = "Calendar") -> tuple[OfferedCalendar, ...]:
    return tuple(OfferedCalendar(f"address-{n}", f"{prefix} {n}", main=n == 1) for n in range(1, count + 1))


@dataclass
class KeptAccounts:
    """Stands for `calendars.accounts.Accounts`. CalDAV answers while `free` is set; `fails`: what it says."""

    providers: dict[str, str] = field(
        default_factory=lambda: {"google": "Google Calendar", "microsoft": "Microsoft 365"}
    )
    accounts: dict[str, AccountView] = field(default_factory=dict)
    offers: dict[str, tuple[OfferedCalendar, ...]] = field(default_factory=dict)
    connected: dict[str, set[str]] = field(default_factory=dict)
    server: tuple[OfferedCalendar, ...] = field(default_factory=lambda: offered(1))
    free: asyncio.Event = field(default_factory=asyncio.Event)
    fails: Exception | None = None
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    made: int = 0

    def __post_init__(self) -> None:
        self.free.set()

    def has(self, account: AccountView, calendars: Sequence[OfferedCalendar], connected: Iterable[str] = ()) -> None:
        self.accounts[account.account_id] = account
        self.offers[account.account_id] = tuple(calendars)
        self.connected[account.account_id] = set(connected)

    def lose(self, account_id: str) -> None:
        self.accounts[account_id] = replace(self.accounts[account_id], lost=True)

    @property
    def flow(self) -> KeptAccounts:
        """Stands for `calendars.oauth_flow.OAuthFlow`, too."""
        return self

    async def links(self, key: PersonKey) -> Sequence[AccountLink]:
        return [AccountLink(name, shown, await self.link(key, name)) for name, shown in self.providers.items()]

    async def link(self, key: PersonKey, provider: str) -> str:
        if provider not in self.providers:
            raise NotOfferedError(provider)
        self.made += 1
        return f"https://quo.example/connect/{provider}?link={key.user_id}-{self.made}"

    async def connect_caldav(self, key: PersonKey, url: str, user: str, password: str) -> Connected:
        self.asked.append((url, user, password))
        await self.free.wait()
        if self.fails is not None:
            raise self.fails
        mains = [one for one in self.server if one.main]
        self.has(AccountView("a1", "caldav", user), self.server, [one.address for one in mains])
        return Connected(
            key, "a1", "caldav", user, tuple(one.name for one in mains), len(self.server) - len(mains), "en-GB",
            granted=True, slack="",
        )  # fmt: skip

    async def list(self, key: PersonKey) -> Sequence[AccountView]:
        return list(self.accounts.values())

    async def choice(self, key: PersonKey, account_id: str) -> Choice | None:
        account = self.accounts.get(account_id)
        if account is None:
            return None
        chosen = self.connected[account_id]
        return Choice(account, tuple((one, one.address in chosen) for one in self.offers[account_id]))

    async def choose(self, key: PersonKey, account_id: str, addresses: Collection[str]) -> bool:
        if self.fails is not None:
            raise self.fails
        if account_id not in self.accounts:
            return False
        self.connected[account_id] = set(addresses)
        return True

    async def addresses(self, key: PersonKey, account_id: str) -> frozenset[str]:
        return frozenset(self.connected.get(account_id, ()))

    async def disconnect(self, key: PersonKey, account_id: str) -> bool:
        return self.accounts.pop(account_id, None) is not None


@dataclass
class KeptHooks:
    """Implements `services.calendars.connections.Hooks`."""

    made: int = 0

    async def create(self, key: PersonKey) -> str:
        self.made += 1
        return f"https://quo.example/hooks/secret-{self.made}"

    async def rotate(self, key: PersonKey, calendar_id: str) -> str | None:
        return await self.create(key) if calendar_id.startswith("hook") else None
