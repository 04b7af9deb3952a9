"""The one tree of errors. A class's docstring is the sentence its user gets; its `reason` is the operator's.

What is wrong with a request is in `request_errors`, what only the operator can mend in `operator_errors`. Handlers show
`sentence(locale)` and log `id` with `reason`; nobody gets a traceback.
"""

from __future__ import annotations

import secrets


class StatusQuoError(Exception):
    """Something went wrong on our side. Please try again in a minute."""

    def __init__(self, reason: str = "", **facts: object) -> None:
        """`reason` and `facts` are for the operator's log and never hold a secret, a title or a token."""
        super().__init__(reason or type(self).__name__)
        self.reason = reason or type(self).__name__
        self.facts = facts
        self.id = secrets.token_hex(4)

    @classmethod
    def sentence(cls) -> str:
        """Return what the user is told, in English: the class's docstring. It is the catalogues' message id too."""
        return (cls.__doc__ or "").strip()

    @classmethod
    def for_operator(cls) -> str:
        """Return what whoever runs the app is told at their terminal: the same, unless only they can mend it."""
        return cls.sentence()


# ── what a person typed or clicked ──────────────────────────────────────────────────────────────────


class InputError(StatusQuoError):
    """I did not understand that. Try `/quo help`."""

    def __init__(self, reason: str = "", *, field: str | None = None, **facts: object) -> None:
        """`field` is the block id in a modal that the sentence belongs to."""
        super().__init__(reason, **facts)
        self.field = field


class TimeNotUnderstoodError(InputError):
    """I did not understand that time. Try `45m`, `until 3pm`, `tomorrow` or `24 dec - 2 jan`."""


class TimeInThePastError(InputError):
    """That time has already passed. Choose a later one."""


class EndsBeforeItStartsError(InputError):
    """The end is before the start. Choose a later end."""


class TooFarAwayError(InputError):
    """That is more than two years away. Choose an earlier time."""


class OneTimeTooManyError(InputError):
    """Only one of these two can be given. Leave one out; nothing was changed."""


class TextTooLongError(InputError):
    """Slack allows 100 characters in a status. Shorten the text."""


class TextMissingError(InputError):
    """Write a text: Slack takes no status without one."""


class MentionInStatusError(InputError):
    """Write it in words, without @ or #: I cannot put mentions, channels or Slack's dates into a status."""


class NotAnEmojiError(InputError):
    """That is not an emoji. Write it as `:palm_tree:`."""


class NoSuchEmojiError(InputError):
    """Your workspace has no emoji of that name. Choose another one."""


class NotAnAddressError(InputError):
    """That is not an address. Paste the calendar's secret address; it starts with `https://`."""


class LoginInAddressError(NotAnAddressError):
    """I take no address with a login in it. Use CalDAV with an app password, or the calendar's secret address."""


class PlaceNotAllowedError(InputError):
    """That address leads to a place that I may not visit. Use an address on the public internet."""


class AlreadyConnectedError(InputError):
    """This calendar is already connected."""


class TooManyError(InputError):
    """That is more than one person can have. Remove something first."""


class TooManyKeysError(TooManyError):
    """You have five keys, and that is the most. Revoke one first."""


class AlreadyMadeError(InputError):
    """That key is made already, and was shown. If you have not copied it, revoke it and make another one."""


class CredentialsRefusedError(InputError):
    """The server did not accept that user and password. Some services want an app password: make one there."""


class NoCalendarsError(InputError):
    """There is no calendar at that address. Check it, or use the one that the service's help gives for CalDAV."""


class ServerSilentError(InputError):
    """That server does not answer. Check the address, or try again in a minute."""


class NotAListError(InputError):
    """That is not a list of lines that I can read. Send the `.json` file that *Export* gives, at most 1 MB of it."""


class StandInError(InputError):
    """Choose somebody else: you are the one who is out."""


class NotAPersonError(InputError):
    """Choose a person: an app cannot stand in for you."""


class NotAColleagueError(InputError):
    """Nobody in your workspace has that id. Choose one of your colleagues."""


class NothingToDoError(InputError):
    """There is nothing to change."""


class OutByCalendarError(NothingToDoError):
    """Your calendar has you out of office. `/quo clear` shows nothing until that is over."""


class ChangedSinceError(InputError):
    """That was changed again since. What is there now stays as it is."""


class UndoGoneError(InputError):
    """That can no longer be undone: it is undone already, or was more than ten minutes ago."""


class PersonsOwnChangeError(InputError):
    """No agent can take that back: it is about your list, settings or calendars. Do it yourself on my Home tab."""


class NotAChannelError(InputError):
    """A digest goes to a channel. Type that in the channel that it is for."""


class SharedChannelError(InputError):
    """This channel is shared with another organization, and nobody outside is told who is out. Choose another one."""


class AppNotInChannelError(InputError):
    """I am not in that channel. Type `/invite @Status Quo` there first."""


class NotInChannelError(InputError):
    """You are not in that channel. Join it first."""


class ChannelsNotReadableError(InputError):
    """I may not see who is in a channel. Ask a workspace admin to allow that on my Home tab."""


class NotGrantedError(StatusQuoError):
    """I may not set your status yet. Allow it once, and I do the rest."""


class GrantFirstError(NotGrantedError):
    """I may not set your status yet. Allow it once, then ask again."""


class NotAllowedError(StatusQuoError):
    """Your workspace does not allow that. Ask a workspace admin."""


class NotAnAdminError(NotAllowedError):
    """Only an admin of your workspace can do that, and Slack says that you are not one. Nothing was changed."""


# ── calendars ───────────────────────────────────────────────────────────────────────────────────────


class CalendarError(StatusQuoError):
    """The calendar could not be read. The last events I know stay."""

    def __init__(self, reason: str = "", *, retry_after: float | None = None, **facts: object) -> None:
        """`retry_after` is what the host asked us to wait, in seconds."""
        super().__init__(reason, **facts)
        self.retry_after = retry_after


class CalendarUnreachableError(CalendarError):
    """The calendar's server does not answer. I keep trying."""


class CalendarRefusedError(CalendarError):
    """The calendar's server refuses to give it. Its address may have changed: connect it again."""


class PasswordRefusedError(CalendarRefusedError):
    """The server does not take the password any more. Connect the account again with a new one."""


class CalendarGoneError(CalendarError):
    """There is no calendar at that address. Check it, and connect it again."""


class CalendarBusyError(CalendarError):
    """The calendar's server asks us to come back later. I will."""

    def __init__(
        self, reason: str = "", *, retry_after: float | None = None, everybody: bool = False, **facts: object
    ) -> None:
        """`everybody`: the provider asks it of all of us, not for this host or account alone."""
        super().__init__(reason, retry_after=retry_after, **facts)
        self.everybody = everybody


class AccountLostError(CalendarError):
    """I may no longer read this account's calendars. Connect it again."""


class AccountNotConsentedError(AccountLostError):
    """An administrator of your organization has to allow this first. Ask them, then connect again."""


class AppRefusedError(CalendarBusyError):
    """This service does not take Status Quo at the moment. Its operator has to mend that; you need not do anything."""

    def __init__(self, reason: str = "", *, everybody: bool = True, **facts: object) -> None:
        """Our own key to the provider is worth nothing: nobody's calendar is broken, and asking often is in vain.

        `everybody`: not for one organization alone.
        """
        super().__init__(reason, retry_after=300.0, everybody=everybody, **facts)


class AccessRefusedError(CalendarError):
    """The calendar's server did not take our permission just now. I renew it and try again."""


class PushNotPossibleError(CalendarError):
    """This calendar does not tell of its changes. I look at it regularly instead."""


class NotACalendarError(CalendarError):
    """What that address gives is not a calendar. Look for the address that ends in `.ics`."""


class CalendarTooLargeError(CalendarError):
    """That calendar is larger than 25 MiB. Connect a smaller one."""


class CalendarTooCostlyError(CalendarError):
    """That calendar takes too long to read. Connect a simpler one."""


class AddressNotAllowedError(CalendarError):
    """That address leads to a place that I may not visit. Use an address on the public internet."""


# ── Slack ───────────────────────────────────────────────────────────────────────────────────────────


class SlackError(StatusQuoError):
    """Slack did not do that. Please try again in a minute."""


class SlackRateLimitedError(SlackError):
    """Slack asks us to slow down. It will be done in a minute."""

    def __init__(self, method: str, retry_after: float) -> None:
        """`retry_after` in seconds."""
        super().__init__("ratelimited", method=method, retry_after=retry_after)
        self.method = method
        self.retry_after = retry_after


class SlackUnavailableError(SlackError):
    """Slack does not answer at the moment. I keep trying."""


class FileTooLargeError(SlackError):
    """That file is too large. Send a smaller one."""


class FileElsewhereError(SlackError):
    """That file is kept somewhere else, and Slack only links to it. Send me the file itself."""


class SlackShutError(SlackUnavailableError):
    """Slack does not take Status Quo at the moment. Its operator has to mend that; you need not do anything."""


class GrantLostError(SlackError):
    """I may no longer set your status. Allow it again."""


class TokenExpiredError(SlackError):
    """The permission has to be renewed first. I do that by myself."""


class SlackRefusedError(SlackError):
    """Slack refused that. Please try again, or tell your workspace's admin."""


class BadPictureError(SlackRefusedError):
    """I cannot use that picture. Send a whole PNG, JPEG or GIF that is at least 64 pixels wide and high."""


class PictureTooLargeError(SlackRefusedError):
    """That picture is too large. Send one of at most 8 MiB and 50 million pixels."""


class PictureMovesError(SlackRefusedError):
    """That picture moves. Send one that stands still."""


class CropOutsideError(SlackRefusedError):
    """That square is not within the picture. `crop_x`, `crop_y` and `crop_w` are pixels of it."""


class PhotoUnreadableError(SlackRefusedError):
    """I cannot read your own photo, and could not put it back: I leave it as it is."""


class ChannelRefusedError(SlackRefusedError):
    """I can neither read nor write in that channel. Invite me into it, or ask whoever manages it."""


class ScopeMissingError(SlackError):
    """Slack says that a permission is missing. Allow it again."""


class WorkspaceBlockedError(SlackError):
    """Your workspace's settings do not let me do that. Ask a workspace admin."""


class TooLateError(SlackError):
    """That took too long, and Slack did not open it. Do it once more."""


class BadEmojiError(SlackError):
    """This emoji does not exist in your workspace. Choose another one."""


class WrongPersonError(SlackError):
    """This permission belongs to somebody else. Allow it again with your own account."""
