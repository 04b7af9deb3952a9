"""Subscriptions and lists of calendars, against a local Microsoft on loopback that asks and tells for real."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from emulators.faults import Fault
from services.calendars.providers.microsoft.push import Lifecycle, Notification
from services.domain.calendars import OfferedCalendar, Watch
from services.domain.errors import (
    AccessRefusedError,
    CalendarBusyError,
    CalendarError,
    CalendarGoneError,
    CalendarUnreachableError,
    PushNotPossibleError,
)
from tests.support.clocks import ManualClock
from tests.support.microsoft_account import ADDRESS, Hook, Mailbox, open_mailbox
from tests.support.sites import Site

SECRET = "s" * 43
LIFE = timedelta(minutes=10_070)


@pytest.fixture
async def mailbox(clock: ManualClock) -> AsyncIterator[Mailbox]:
    async with open_mailbox(clock) as opened:
        opened.microsoft.pushes.pauses = (0.01, 0.01)
        yield opened


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with Site() as site:
        yield Hook(site)


async def watch(mailbox: Mailbox, hook: Hook, watch_id: str = "W1") -> Watch:
    return await mailbox.watcher(hook).watch(mailbox.connection, watch_id, SECRET, mailbox.clock.now())


async def renew(mailbox: Mailbox, hook: Hook, watched: Watch) -> Watch | None:
    return await mailbox.watcher(hook).renew(mailbox.connection, watched, mailbox.clock.now())


# ── watching ────────────────────────────────────────────────────────────────────────────────────────


async def test_watch_is_a_subscription_to_the_calendar(mailbox: Mailbox, hook: Hook) -> None:
    watched = await watch(mailbox, hook)
    (made,) = mailbox.microsoft.subscriptions.all.values()
    assert watched == Watch("W1", made.id, mailbox.clock.now() + LIFE)
    assert (made.resource, made.change_type) == (
        f"me/calendars/{mailbox.calendar.id}/events", "created,updated,deleted"
    )  # fmt: skip
    assert (made.notification_url, made.lifecycle_url) == (hook.address, hook.lifecycle_address)
    assert made.client_state == f"W1.{SECRET}"
    assert len([request for request in hook.site.seen if "validationToken" in request.query]) == 2


async def test_default_calendar_is_watched_without_an_id(mailbox: Mailbox, hook: Hook) -> None:
    mailbox.connection = dataclasses.replace(mailbox.connection, address="default")
    await watch(mailbox, hook)
    (made,) = mailbox.microsoft.subscriptions.all.values()
    assert made.resource == "me/events"


async def test_what_changes_is_told_with_what_tells_the_watch(mailbox: Mailbox, hook: Hook) -> None:
    watched = await watch(mailbox, hook)
    entry = mailbox.add("Offer")
    mailbox.calendar.move(entry.id, *mailbox.at(2))
    mailbox.calendar.remove(entry.id)
    other = mailbox.account.add_calendar("Team")
    other.add(entry)
    await mailbox.microsoft.settled()
    told = [Notification("W1", SECRET, watched.remote_id, change) for change in ("created", "updated", "deleted")]
    assert hook.seen == [("/push/microsoft", tuple(told))]


async def test_life_that_the_service_gives_is_what_holds(mailbox: Mailbox, hook: Hook) -> None:
    mailbox.microsoft.subscriptions.longest = timedelta(minutes=4230)
    watched = await watch(mailbox, hook)
    assert watched.expires_at == mailbox.clock.now() + timedelta(minutes=4230)
    mailbox.clock.move(days=1)
    renewed = await renew(mailbox, hook, watched)
    assert renewed == dataclasses.replace(watched, expires_at=mailbox.clock.now() + timedelta(minutes=4230))


async def test_older_subscription_of_ours_gives_way(mailbox: Mailbox, hook: Hook) -> None:
    old = await watch(mailbox, hook)
    new = await watch(mailbox, hook, "W2")
    assert old.remote_id != new.remote_id
    assert list(mailbox.microsoft.subscriptions.all) == [new.remote_id]


async def test_subscription_of_another_installation_is_left_alone(mailbox: Mailbox, hook: Hook) -> None:
    async with Site() as other:
        await watch(mailbox, Hook(other))
    with pytest.raises(CalendarUnreachableError):
        await watch(mailbox, hook)
    assert len(mailbox.microsoft.subscriptions.all) == 1


async def test_address_that_does_not_answer_now_is_tried_again_in_seconds(mailbox: Mailbox, hook: Hook) -> None:
    hook.validates = False
    with pytest.raises(CalendarUnreachableError):
        await watch(mailbox, hook)
    assert mailbox.microsoft.subscriptions.all == {}


async def test_calendar_of_somebody_else_cannot_be_watched(mailbox: Mailbox, hook: Hook) -> None:
    shared = mailbox.account.add_calendar("Bob's", owner="bob@contoso.example")
    mailbox.connection = dataclasses.replace(mailbox.connection, address=shared.id)
    with pytest.raises(PushNotPossibleError):
        await watch(mailbox, hook)


async def test_calendar_that_is_gone_cannot_be_watched(mailbox: Mailbox, hook: Hook) -> None:
    mailbox.connection = dataclasses.replace(mailbox.connection, address="AAMkGone=")
    with pytest.raises(CalendarGoneError):
        await watch(mailbox, hook)


async def test_watching_with_an_expired_token_renews_it_once(mailbox: Mailbox, hook: Hook) -> None:
    await mailbox.fetch()
    mailbox.microsoft.oauth.expire_access_tokens()
    await watch(mailbox, hook)
    assert len(mailbox.tokens.refused) == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(status=429, headers={"Retry-After": "3"}), CalendarBusyError),
        (Fault(status=503), CalendarUnreachableError),
        (Fault(truncate=True), CalendarError),
        (Fault(status=201, body={}), CalendarError),
        (Fault(status=201, body={"id": "S", "expirationDateTime": None}), CalendarError),
        (Fault(status=201, body={"id": "S", "expirationDateTime": "soon"}), CalendarError),
        (Fault(status=201, body={"id": "S", "expirationDateTime": "2026-11-30T00:00:00"}), CalendarError),
        (Fault(status=201, body={"id": "S", "expirationDateTime": "2020-11-30T00:00:00Z"}), CalendarError),
        (Fault(status=201, body={"id": 7, "expirationDateTime": "2026-11-30T00:00:00Z"}), CalendarError),
        (Fault(status=400, body={"error": {"message": "Subscription expiration can only be 0 minutes"}}),
         PushNotPossibleError),
        (Fault(status=400, body={"error": "x"}), PushNotPossibleError),
    ],
)  # fmt: skip
async def test_subscription_that_is_not_good_and_whole_is_an_error(
    mailbox: Mailbox, hook: Hook, fault: Fault, error: type[CalendarError]
) -> None:
    fault.where, fault.times = "/subscriptions", 1
    mailbox.microsoft.faults.add(fault)
    with pytest.raises(error):
        await watch(mailbox, hook)


# ── renewing and stopping ───────────────────────────────────────────────────────────────────────────


async def test_watch_is_renewed_for_another_week(mailbox: Mailbox, hook: Hook) -> None:
    watched = await watch(mailbox, hook)
    mailbox.clock.move(days=6)
    renewed = await renew(mailbox, hook, watched)
    assert renewed == Watch("W1", watched.remote_id, mailbox.clock.now() + LIFE)
    mailbox.clock.move(days=6)
    assert list(mailbox.microsoft.subscriptions.all) == [watched.remote_id]


async def test_watch_that_ran_out_is_not_renewed_but_made_anew(mailbox: Mailbox, hook: Hook) -> None:
    watched = await watch(mailbox, hook)
    mailbox.clock.move(days=7)
    assert await renew(mailbox, hook, watched) is None
    assert (await watch(mailbox, hook, "W2")).watch_id == "W2"


async def test_stopped_watch_tells_nothing_more(mailbox: Mailbox, hook: Hook) -> None:
    watched = await watch(mailbox, hook)
    token = mailbox.tokens.token_now
    await mailbox.watcher(hook).stop(token, watched)
    mailbox.add("Offer")
    await mailbox.microsoft.settled()
    assert (hook.seen, mailbox.microsoft.subscriptions.all) == ([], {})
    await mailbox.watcher(hook).stop(token, watched)


async def test_stopping_with_a_refused_token_says_so(mailbox: Mailbox, hook: Hook) -> None:
    watched = await watch(mailbox, hook)
    with pytest.raises(AccessRefusedError):
        await mailbox.watcher(hook).stop("another token", watched)


# ── notifications that are not as one would wish ────────────────────────────────────────────────────


@pytest.mark.parametrize("event", list(Lifecycle))
async def test_lifecycle_events_come_to_their_own_address(mailbox: Mailbox, hook: Hook, event: Lifecycle) -> None:
    watched = await watch(mailbox, hook)
    mailbox.microsoft.lifecycle(event)
    await mailbox.microsoft.settled()
    told = Notification("W1", SECRET, watched.remote_id, lifecycle_event=event)
    assert hook.seen == [("/push/microsoft/lifecycle", (told,))]
    gone = await renew(mailbox, hook, watched) is None
    assert gone is (event is Lifecycle.SUBSCRIPTION_REMOVED)


async def test_notification_that_is_not_taken_comes_again(mailbox: Mailbox, hook: Hook) -> None:
    await watch(mailbox, hook)
    hook.status = 500
    mailbox.add("Offer")
    await mailbox.microsoft.settled()
    assert [[found.change for found in batch] for _, batch in hook.seen] == [["created"]] * 3
    assert [(push.status, push.tries) for push in mailbox.microsoft.pushes.sent] == [(500, 3)]


async def test_pushes_may_be_lost_twice_or_out_of_order(mailbox: Mailbox, hook: Hook) -> None:
    await watch(mailbox, hook)
    faults = mailbox.microsoft.faults
    faults.lose = 1
    entry = mailbox.add("Offer")
    await mailbox.microsoft.settled()
    faults.twice = faults.hold = True
    mailbox.calendar.cancel(entry.id)
    await mailbox.microsoft.settled()
    mailbox.calendar.remove(entry.id)
    await mailbox.microsoft.settled()
    await mailbox.microsoft.pushes.release(backwards=True)
    changes = [[found.change for found in batch] for _, batch in hook.seen]
    assert changes == [["deleted"], ["deleted"], ["updated"], ["updated"]]


# ── the list of calendars ───────────────────────────────────────────────────────────────────────────


async def test_calendars_are_offered_the_persons_own_first(mailbox: Mailbox) -> None:
    team = mailbox.account.add_calendar("Team", owner="team@contoso.example")
    mailbox.account.calendars = {team.id: team, mailbox.calendar.id: mailbox.calendar}
    offer = await mailbox.directory.offer(mailbox.microsoft.oauth.issue(ADDRESS))
    assert (offer.subject, offer.name) == (ADDRESS, ADDRESS)
    assert offer.calendars == (
        OfferedCalendar(mailbox.calendar.id, "Calendar", main=True), OfferedCalendar(team.id, "Team")
    )  # fmt: skip


async def test_many_calendars_come_on_many_pages(mailbox: Mailbox) -> None:
    for number in range(150):
        mailbox.account.add_calendar(f"Calendar {number}")
    offer = await mailbox.directory.offer(mailbox.microsoft.oauth.issue(ADDRESS))
    assert len(offer.calendars) == 151
    assert [call.status for call in mailbox.microsoft.calls] == [200, 200]


async def test_hostile_list_of_calendars_is_read_as_far_as_it_goes(mailbox: Mailbox) -> None:
    value = [
        None, 7, {"id": 7}, {"id": "x" * 5000}, {"id": "A", "owner": "x"}, {"id": "B", "name": "\ud83d", "owner": {}},
        {"id": "C", "name": "Mine" * 999, "isDefaultCalendar": True, "owner": {"address": "Ann@Contoso.example"}},
    ]  # fmt: skip
    mailbox.microsoft.faults.add(Fault("/me/calendars", status=200, body={"value": value}))
    offer = await mailbox.directory.offer("any")
    assert (offer.subject, offer.name) == (ADDRESS, "Ann@Contoso.example")
    assert offer.calendars == (
        OfferedCalendar("C", ("Mine" * 50), main=True), OfferedCalendar("A", "Ann@Contoso.example"),
        OfferedCalendar("B", "?"),
    )  # fmt: skip


@pytest.mark.parametrize("body", [{}, {"value": None}, {"value": []}, {"value": [{"id": "A"}]}])
async def test_account_that_cannot_be_told_is_an_error(mailbox: Mailbox, body: dict[str, object]) -> None:
    mailbox.microsoft.faults.add(Fault("/me/calendars", status=200, body=body))
    with pytest.raises(CalendarError):
        await mailbox.directory.offer("any")


async def test_account_without_permission_is_refused(mailbox: Mailbox) -> None:
    with pytest.raises(AccessRefusedError):
        await mailbox.directory.offer("any")
