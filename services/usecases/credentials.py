"""Whether Slack, Google and Microsoft take the ids and secrets that the operator has set, one finding each.

Who cannot be asked raises SlackUnavailableError or CalendarError, of which `reached` makes a finding.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from datetime import date
from types import MappingProxyType

from services.calendars.client_check import ClientVerdict, check_client
from services.calendars.oauth import OAuthApp
from services.domain.calendars import named
from services.domain.errors import CalendarError, SlackRefusedError, SlackUnavailableError
from services.domain.faults import IN_DOUBT
from services.platform.net import GuardedClient
from services.slack.client import SlackHealth
from services.usecases.findings import Finding, in_time

SLACK_APP, APP_TOKEN, BOT_TOKEN = "Slack app", "app token", "bot token"
SOON = 30
"""Days before its end from which a secret is warned of."""

ID, SECRET, TOKEN = "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_APP_TOKEN"  # names
_WRONG: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "invalid_client_id": (ID, f"Slack knows no app with this {ID}: copy it from Basic Information"),
        "bad_client_secret": (SECRET, f"Slack does not take this {SECRET}: copy it from Basic Information"),
    }
)
_TOKEN_WRONG: Mapping[str, str] = MappingProxyType(
    {
        "missing_scope": "Slack takes SLACK_APP_TOKEN, but not for this: make one with connections:write",
        "not_allowed_token_type": "SLACK_APP_TOKEN is a token of another kind: an app-level one begins with xapp-",
    }
)


async def reached(subject: str, look: Awaitable[Finding]) -> Finding:
    """Return what `look` finds; that whoever was asked cannot be reached, or is silent, is a finding, too."""
    try:
        return await in_time(subject, look)
    except (SlackUnavailableError, CalendarError) as error:
        return Finding.fail(subject, f"cannot be reached: {error.reason}")


async def look_at_slack_app(slack: SlackHealth, client_id: str, client_secret: str) -> Finding:
    """Return whether Slack takes the id and the secret, by a code that is none."""
    said = await slack.said_of_app(client_id, client_secret)
    if said == "invalid_code":
        return Finding.ok(SLACK_APP, "Slack takes the client id and secret")
    if said in _WRONG:
        name, sentence = _WRONG[said]
        return Finding.fail(SLACK_APP, sentence, mend=(name,))
    return Finding.warn(SLACK_APP, f"Slack says {said}, which tells nothing of the id and secret")


async def look_at_app_token(slack: SlackHealth, token: str) -> Finding:
    """Return whether Slack would open a Socket Mode connection with this token; none is opened."""
    try:
        await slack.headers_of("apps.connections.open", token)
    except SlackRefusedError as error:
        said = f"Slack says {error.reason} to SLACK_APP_TOKEN: make another one in Basic Information"
        return Finding.fail(APP_TOKEN, _TOKEN_WRONG.get(error.reason, said), mend=(TOKEN,))
    return Finding.ok(APP_TOKEN, "Slack takes it for Socket Mode")


async def look_at_bot_token(slack: SlackHealth, token: str) -> Finding:
    """Return whether Slack takes the bot token that the operator gave, whether it is kept already or not."""
    try:
        await slack.headers_of("auth.test", token)
    except SlackRefusedError as error:
        cure = 'copy it anew from your Slack app\'s page, "OAuth & Permissions"'
        if error.reason in IN_DOUBT:
            cure = f"let this machine's address into the app's allowed addresses, if that is what is amiss, or {cure}"
        return Finding.fail(BOT_TOKEN, f"Slack says {error.reason} to SLACK_BOT_TOKEN: {cure}")
    return Finding.ok(BOT_TOKEN, "Slack takes SLACK_BOT_TOKEN")


async def look_at_provider(
    client: GuardedClient, app: OAuthApp, *, resource: str, expires: date | None, today: date
) -> Finding:
    """Return whether Google or Microsoft takes our id and secret.

    `resource` and `expires` are Microsoft's: where its Graph is, and the last day of the secret, if that is known.
    """
    name, kind = named(app.provider), app.provider.upper()
    cure = f"make a new one and run `app.py setup --{app.provider}`"
    of_id, of_secret = f"{kind}_CLIENT_ID", f"{kind}_CLIENT_SECRET"
    verdict = await check_client(client, app, resource)
    if verdict is ClientVerdict.EXPIRED:
        return Finding.fail(name, f"{of_secret} has run out: {cure}", mend=(of_secret,))
    if verdict is ClientVerdict.WRONG:
        return Finding.fail(name, f"does not take {of_id} with {of_secret}: {cure}", mend=(of_id, of_secret))
    if verdict is ClientVerdict.UNKNOWN:
        of_directory = f"{kind}_AUTHORITY"
        said = f"knows no app with {of_id} in the directory of {of_directory}"
        return Finding.fail(name, said, mend=(of_id, of_directory))
    said = "takes the client id and secret"
    if verdict is ClientVerdict.UNTOLD:
        said = "answers, but tells only when somebody connects whether the client id and secret are right"
    if not resource:
        return Finding.ok(name, said)
    return _with_end(name, said, expires, today)


def _with_end(name: str, said: str, expires: date | None, today: date) -> Finding:
    if expires is None:
        return Finding.ok(name, f"{said}; set MICROSOFT_SECRET_EXPIRES to be warned before it runs out")
    left = (expires - today).days
    if left < 0:
        return Finding.warn(name, f"{said}, but by MICROSOFT_SECRET_EXPIRES it ran out on {expires}")
    ends = f"{said}; the secret runs out on {expires}, in {left} days"
    if left < SOON:
        return Finding.warn(name, f"{ends}: make the next one and run `app.py setup --microsoft`")
    return Finding.ok(name, ends)
