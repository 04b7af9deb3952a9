"""What the operator has to mend: everybody's tokens or our own credentials are refused, or our redirect address is.

None of it is a member's business: nothing of theirs is broken, and nobody is told but the operator and some admins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.domain.errors import GrantLostError, StatusQuoError

_NAMES = {"slack": "Slack", "google": "Google Calendar", "microsoft": "Microsoft 365"}


class OperatorFault(StrEnum):
    """One thing that is to be mended, by its name in the metric, the log and the database."""

    SLACK_TOKENS = "slack_tokens"  # of one workspace, each of them
    SLACK_BOT = "slack_bot"  # of one workspace, its bot's alone
    SLACK_CLIENT = "slack_client"
    SLACK_REDIRECT = "slack_redirect"
    GOOGLE_CLIENT = "google_client"
    GOOGLE_REDIRECT = "google_redirect"
    MICROSOFT_CLIENT = "microsoft_client"
    MICROSOFT_REDIRECT = "microsoft_redirect"

    @property
    def whose(self) -> str:
        """Who refuses: slack, google or microsoft."""
        return self.value.partition("_")[0]

    @property
    def kind(self) -> str:
        """What of ours they refuse: tokens, bot, client or redirect."""
        return self.value.partition("_")[2]

    @property
    def of_workspace(self) -> bool:
        """Whether it is of one workspace, and of no other and not of the installation."""
        return self in {OperatorFault.SLACK_TOKENS, OperatorFault.SLACK_BOT}

    @property
    def named(self) -> str:
        """Who refuses, as people know them."""
        return _NAMES[self.whose]


@dataclass(frozen=True, slots=True)
class StandingFault:
    """One that has been there since `since`: of the workspace `team_id`, or of the installation ("").

    It was met last at `seen_at`, and is looked at again at `due_at`. `detail` is the refusal's own word, or the
    redirect address that is refused; nothing in it is secret.
    """

    fault: OperatorFault
    team_id: str
    since: datetime
    seen_at: datetime
    detail: str = ""
    due_at: datetime | None = None


ACCOUNT_INACTIVE = "account_inactive"
"""Slack's word for a token whose owner was deactivated (docs.slack.dev, e.g. users.profile.set, "Errors").

They may be back by now: their account says so, and the token does not."""

IN_DOUBT = frozenset(
    {
        "invalid_auth", "not_allowed_token_type", "access_denied", "accesslimited", "team_access_not_granted",
        "enterprise_is_restricted", "ekm_access_denied",
    }
)  # fmt: skip
"""What Slack says to one token where that is dead, and to all of them where the address of this machine is not on the
app's list, or the app is restricted ("invalid_auth: … or the request originates from an IP address disallowed from
making the request"; docs.slack.dev, auth.test). What says which is another token of the same workspace.

`token_revoked` and `account_inactive` are of a person, a workspace or an app that is gone: there is no doubt."""


def concerns_bot(refusal: StatusQuoError) -> bool:
    """Return whether what Slack said to a bot's token may be about more than that one call.

    Nobody takes it back but Slack.
    """
    return isinstance(refusal, GrantLostError) or refusal.reason in IN_DOUBT


def is_lost(refusal: StatusQuoError) -> bool:
    """Return whether a grant is over by what Slack said to its token, without asking for another one."""
    return isinstance(refusal, GrantLostError) and refusal.reason not in IN_DOUBT


_CLIENT = (
    "renew {setting}_CLIENT_SECRET, or turn its API on (docs/operate.md), and restart; calendars are read again by "
    "themselves"
)
_REDIRECT = "add that address to the app's redirect addresses there, or mend PUBLIC_URL and restart"
CURES: Mapping[OperatorFault, str] = {
    OperatorFault.SLACK_TOKENS: "let this machine's address into the app's allowed addresses, or have an owner of the "
    "workspace allow the app again; what waits is written by itself then",
    OperatorFault.SLACK_BOT: "have somebody install the app there again at /slack/install; what waits for it is done "
    "by itself then",
    OperatorFault.SLACK_CLIENT: "set SLACK_CLIENT_ID and SLACK_CLIENT_SECRET to what the app has at "
    "api.slack.com/apps, and restart; tokens are renewed by themselves then",
    OperatorFault.SLACK_REDIRECT: _REDIRECT,
    OperatorFault.GOOGLE_CLIENT: _CLIENT.format(setting="GOOGLE"),
    OperatorFault.GOOGLE_REDIRECT: _REDIRECT,
    OperatorFault.MICROSOFT_CLIENT: _CLIENT.format(setting="MICROSOFT"),
    OperatorFault.MICROSOFT_REDIRECT: _REDIRECT,
}
"""What the operator has to do about each."""

REFUSED: Mapping[str, str] = {
    "tokens": "takes no token of this workspace",
    "bot": "does not take the bot's token of this workspace, so nothing is posted and no Home tab is renewed",
    "client": "does not take this app",
    "redirect": "does not take this app's redirect address",
}
"""What is wrong, by the second half of a fault's name."""


def client_fault(provider: str) -> OperatorFault:
    """Say that our credentials are refused by slack, google or microsoft."""
    return OperatorFault(f"{provider}_client")


def redirect_fault(provider: str) -> OperatorFault:
    """Say that our redirect address is."""
    return OperatorFault(f"{provider}_redirect")


def sentence(standing: StandingFault) -> str:
    """Return what `doctor` says of it, after the name of who refuses."""
    since = f"{standing.since:%Y-%m-%d %H:%M} UTC"
    detail = f" ({standing.detail})" if standing.detail else ""
    return f"{REFUSED[standing.fault.kind]} since {since}{detail}: {CURES[standing.fault]}"
