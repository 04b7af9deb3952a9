"""How a snooze and presence are carried out: read, decide, remember what is about to be done, do it, remember it."""

from __future__ import annotations

from services.domain import effects
from services.domain.effects import EffectAction
from services.domain.errors import SlackRefusedError
from services.domain.model import Action, Effect, Stretch
from services.engine.effects import Turn
from services.ports import Clock
from services.slack.presence import (
    DND_INFO,
    END_SNOOZE,
    GET_PRESENCE,
    SET_PRESENCE,
    SET_SNOOZE,
    SlackPresence,
)


class SnoozeCarrier:
    """Do not disturb: a lease on the person's snooze."""

    effect = Effect.DND

    def __init__(self, slack: SlackPresence, clock: Clock) -> None:
        self._slack = slack
        self._clock = clock

    def methods(self, stretch: Stretch | None) -> tuple[str, ...]:
        """A look, and setting or ending it."""
        return DND_INFO, END_SNOOZE if stretch is None else SET_SNOOZE

    async def carry_out(self, turn: Turn) -> None:
        """Have a snooze run to the stretch's end, or end ours."""
        calls, stretch = turn.calls, turn.stretch
        with calls.making(DND_INFO):
            seen = await self._slack.snooze(calls.token)
        decision = effects.decide_snooze(turn.memory, seen, stretch, self._clock.now())
        if decision.action is EffectAction.LEAVE:
            await turn.settle(decision.memory, decision.look_again)
            return
        if not await turn.intend(decision.before):
            return
        if stretch is None:
            with calls.making(END_SNOOZE):
                await self._slack.end_snooze(calls.token)
            await turn.settle(decision.memory, action=Action.RESTORE)
            return
        try:
            with calls.making(SET_SNOOZE):
                returned = await self._slack.set_snooze(calls.token, decision.minutes)
        except SlackRefusedError as error:
            if error.reason != "too_long" or decision.minutes == 1:
                raise
            await turn.settle(effects.too_long(decision), self._clock.now())
            return
        done = effects.snoozed(decision, returned, stretch)
        await turn.settle(done.memory, done.look_again, Action.WRITE)


class PresenceCarrier:
    """Away: a debt of `auto`, remembered before `away` is sent."""

    effect = Effect.AWAY

    def __init__(self, slack: SlackPresence, clock: Clock) -> None:
        self._slack = slack
        self._clock = clock

    def methods(self, stretch: Stretch | None) -> tuple[str, ...]:
        """A look, and setting it."""
        return GET_PRESENCE, SET_PRESENCE

    async def carry_out(self, turn: Turn) -> None:
        """Set the person away for the stretch, or pay what is owed."""
        calls, stretch = turn.calls, turn.stretch
        with calls.making(GET_PRESENCE):
            away = await self._slack.is_away_by_hand(calls.token)
        decision = effects.decide_presence(turn.memory, stretch, self._clock.now(), away=away)
        if decision.action is EffectAction.LEAVE:
            await turn.settle(decision.memory)
            return
        if not await turn.intend(decision.before):
            return
        with calls.making(SET_PRESENCE):
            await self._slack.set_presence(calls.token, away=stretch is not None)
        await turn.settle(decision.memory, action=Action.RESTORE if stretch is None else Action.WRITE)
