"""What is wrong with a request from a browser, a program or Slack: the errors that have an HTTP status."""

from __future__ import annotations

from services.domain.errors import StatusQuoError


class RequestError(StatusQuoError):
    """That request cannot be read."""

    http_status = 400


class SignatureError(RequestError):
    """The signature of that request is missing or wrong."""

    http_status = 401


class BodyTooLargeError(RequestError):
    """That request is too large."""

    http_status = 413


class OverloadedError(RequestError):
    """Too much arrives at the moment. Try again in a few seconds."""

    http_status = 503


class LinkExpiredError(RequestError):
    """This link has expired or was used already. Ask for a new one in Slack with `/quo`."""


class LinkOfAnotherError(RequestError):
    """This link belongs to somebody else. Type /quo connect in your own Slack."""

    http_status = 403

    def __init__(self, reason: str = "", *, team_id: str = "", **facts: object) -> None:
        """`team_id` is the workspace in which the browser is somebody else's."""
        super().__init__(reason, **facts)
        self.team_id = team_id


class LinkOfAnotherAdminError(LinkOfAnotherError):
    """This link belongs to somebody else. Open the form of the workspace on my Home tab in your own Slack."""


class KeeperNotAllowedError(RequestError):
    """Nobody's permission may keep the statuses of others here: the workspace's policy, or its operator, says so."""

    http_status = 403


class UnknownPathError(RequestError):
    """There is nothing at this address."""

    http_status = 404


class FeedGoneError(RequestError):
    """This calendar has ended: whoever made it has left, or may not have it any more. Make a new one in Slack."""

    http_status = 410


class UnknownRequestError(RequestError):
    """I do not know what that request is about."""

    http_status = 404


class MethodNotAllowedError(RequestError):
    """This address does not take that kind of request."""

    http_status = 405


class NotInstallableError(RequestError):
    """Status Quo cannot be installed from here. Its operator has to set it up first."""

    http_status = 404


class ConsentDeniedError(RequestError):
    """Nothing was changed: you did not allow it. You can come back at any time with `/quo`."""

    http_status = 200


class AdministratorNeededError(RequestError):
    """An administrator of your organization has to allow this first. Ask them, then connect again."""

    http_status = 200


class AccountNotAllowedError(RequestError):
    """Nothing was connected: a permission was left out. Type `/quo connect` and allow all that is asked."""

    http_status = 200


class NotOfferedError(RequestError):
    """That kind of calendar cannot be connected here. The operator has to set it up first."""

    http_status = 404


class TooManyRequestsError(RequestError):
    """That is too often. Wait a minute and try again."""

    http_status = 429


class WrongKeyError(RequestError):
    """That key is not valid. Make a new one on my Home tab in Slack."""

    http_status = 401


class ReadOnlyKeyError(RequestError):
    """This key may only read. Make one that may write on my Home tab in Slack."""

    http_status = 403


class AgentsNotAllowedError(RequestError):
    """Agents are not allowed here: the workspace's policy, or its operator, says so."""

    http_status = 403


class TooManyCallsError(TooManyRequestsError):
    """That is more than 60 calls in a minute. Wait, and try again."""


class UnknownAskerError(RequestError):
    """I cannot tell that a member of a workspace where I am installed asks that."""

    http_status = 401


class AskerUnreadError(RequestError):
    """Slack does not say at the moment who asks. Try again in a minute."""

    http_status = 503


class TwoIdentitiesError(RequestError):
    """Send a key, or Slack's signature, not both."""


class ForeignOriginError(RequestError):
    """Pages of other sites may not call this address."""

    http_status = 403


class NotJsonError(RequestError):
    """Send `application/json`."""

    http_status = 415


class UnacceptableError(RequestError):
    """I answer with `application/json`: accept that."""

    http_status = 406


class NotInstalledError(RequestError):
    """Status Quo is not installed in this workspace. Install it first."""

    http_status = 409
