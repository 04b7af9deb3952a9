"""The settings: read once from the environment or `.env`, every mistake reported at once, secrets as `***`.

`app.py` alone calls `load`; the rest of the program is handed values. The field names, in upper case, are the
names of contract.md; `docs/operate.md` lists them and a test keeps that list equal to this class.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, TypeVar

from services.domain.operator_errors import SettingsError
from services.platform import env_file
from services.platform import setting_values as read
from services.platform.setting_values import Secret

DEFAULT_DATABASE = "sqlite+aiosqlite:///var/statusquo.db"

_LOWER_CASE = ("https_proxy", "no_proxy")
"""Settings that other programs read by these names, too: they count where the ones in upper case are not set."""

D = TypeVar("D")
V = TypeVar("V")


def _setting(default: D, reads: Callable[[str], V], description: str) -> D | V:
    """Declare a setting: `reads` makes its value of what is written there."""
    made: D | V = field(default=default, metadata={"read": reads, "description": description})
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the operator set. An empty value counts as not set."""

    slack_signing_secret: Secret | None = _setting(None, read.secret, "of the Slack app; needed for HTTP")
    slack_client_id: str | None = _setting(None, read.text, "of the Slack app; needed for OAuth")
    slack_client_secret: Secret | None = _setting(None, read.secret, "of the Slack app; needed for OAuth")
    slack_app_token: Secret | None = _setting(None, read.secret, "Socket Mode")
    slack_bot_token: Secret | None = _setting(None, read.secret, "single-workspace use without an install page")
    slack_api_url: str = _setting("https://slack.com/api/", read.api_address, "every Web API call goes here")
    slack_authorize_url: str = _setting(
        "https://slack.com/oauth/v2/authorize", read.web_address, "where an install is sent"
    )
    database_url: str = _setting(DEFAULT_DATABASE, read.database, "SQLAlchemy URL: SQLite or PostgreSQL")
    encryption_keys: Secret | None = _setting(
        None, read.keys, "Fernet keys, comma-separated, newest first; created in var/ on first run with SQLite"
    )
    public_url: str | None = _setting(None, read.whole_host, "what redirects and webhook addresses start with")
    host: str = _setting("127.0.0.1", read.text, "where to listen")
    port: int = _setting(3000, read.whole(0, 65535), "where to listen")
    metrics_host: str = _setting("127.0.0.1", read.text, "where METRICS_PORT listens; 0.0.0.0 in a container")
    metrics_port: int | None = _setting(
        None, read.whole(0, 65535), "`/metrics` is there and not at PORT; `/readyz` is at both; workers too"
    )
    google_client_id: str | None = _setting(None, read.text, "of the OAuth client at Google")
    google_client_secret: Secret | None = _setting(None, read.secret, "of the OAuth client at Google")
    google_api_url: str = _setting("https://www.googleapis.com/calendar/v3/", read.api_address, "Google Calendar's API")
    google_authorize_url: str = _setting(
        "https://accounts.google.com/o/oauth2/v2/auth", read.web_address, "where Google asks for consent"
    )
    google_token_url: str = _setting(
        "https://oauth2.googleapis.com/token", read.web_address, "where Google gives tokens"
    )
    microsoft_client_id: str | None = _setting(None, read.text, "of the app in Entra: Application (client) ID")
    microsoft_client_secret: Secret | None = _setting(None, read.secret, "of the app in Entra: the secret's Value")
    microsoft_secret_expires: date | None = _setting(
        None, read.day, "the day on which Microsoft says that the secret runs out, such as 2028-11-30"
    )
    microsoft_graph_url: str = _setting("https://graph.microsoft.com/v1.0/", read.api_address, "Microsoft Graph")
    microsoft_authority: str = _setting("common", read.text, "the tenant, or the whole address of the authority")
    allow_private_addresses: bool = _setting(
        False, read.yes_or_no, "let feeds and CalDAV servers live on private or loopback addresses"
    )
    feed_interval: int = _setting(900, read.whole(1, 86_400), "seconds between two regular looks at a calendar")
    replies_allowed: bool = _setting(
        True, read.yes_or_no, "tell whoever mentions a person who is out, where they want it"
    )
    keeper_allowed: bool = _setting(
        True, read.yes_or_no, "keep statuses of members without a grant, for leave alone, by an admin's grant"
    )
    agents_allowed: bool = _setting(True, read.yes_or_no, "let agents act for people who gave them a key")
    audit_kept_days: int = _setting(
        30, read.whole(1, 3650), "days that is kept what was done to profiles, and what agents asked for"
    )
    deactivated_kept_days: int = _setting(
        30, read.whole(0, 3650), "days after which a member who was deactivated in Slack is deleted here"
    )
    deliveries_kept_hours: int = _setting(
        25, read.whole(25, 720), "hours for which a repeated delivery of Slack's is known as one"
    )
    backups_kept_days: int = _setting(
        35, read.whole(1, 3650),
        "for how many days you keep backups: so long it is known who was forgotten, as keyed digests",
    )  # fmt: skip
    trusted_proxies: str | None = _setting(
        None, read.networks, "addresses or networks, comma-separated, whose `X-Forwarded-For` is believed"
    )
    https_proxy: Secret | None = _setting(
        None, read.proxy, "the proxy towards Slack, Google and Microsoft, such as http://proxy.example.com:3128"
    )
    no_proxy: str | None = _setting(
        None, read.hosts, "hosts, domains and networks, comma-separated, to which HTTPS_PROXY is not the way"
    )
    feeds_through_proxy: bool = _setting(
        False, read.yes_or_no,
        "feeds and CalDAV through HTTPS_PROXY, too: then it has to refuse private addresses",
    )  # fmt: skip
    ssl_cert_file: str | None = _setting(
        None, read.certificates, "certificates (PEM) to trust in the place of the system's file"
    )
    log_level: str = _setting(
        "INFO", read.one_of("DEBUG", "INFO", "WARNING", "ERROR", turned=str.upper), "the least that is logged"
    )
    log_format: str | None = _setting(None, read.one_of("console", "json"), "console on a terminal, json otherwise")

    @property
    def has_slack(self) -> bool:
        """Whether there is a Slack to serve; without one `make run` starts the demo."""
        return any((self.slack_signing_secret, self.slack_client_id, self.slack_app_token, self.slack_bot_token))

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded kind: one process, one file."""
        return self.database_url.startswith("sqlite")

    @property
    def base_url(self) -> str:
        """PUBLIC_URL without a slash at the end, or this host's own address."""
        return (self.public_url or f"http://localhost:{self.port}").rstrip("/")

    @property
    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks of proxies whose word about who asks is believed."""
        return read.networks_of(self.trusted_proxies or "")

    @property
    def microsoft_login_url(self) -> str:
        """The authority's address, without a slash at the end: MICROSOFT_AUTHORITY is a tenant, or all of it."""
        named = self.microsoft_authority.rstrip("/")
        return named if "://" in named else f"https://login.microsoftonline.com/{named}"

    @property
    def database_file(self) -> Path:
        """Where the embedded database is, a relative path from the working directory."""
        return Path(read.database_url(self.database_url).database or "var/x")

    @property
    def key_file(self) -> Path:
        """Where the keys are that nobody set, beside the embedded database."""
        return self.database_file.with_name("encryption.keys")

    def missing_for_serving(self) -> list[str]:
        """Return the names that `serve` cannot do without and that are not set."""
        return _missing({one.name: getattr(self, one.name) for one in fields(self)})

    @property
    def given_keys(self) -> list[str]:
        """The Fernet keys of ENCRYPTION_KEYS, newest first; none where it is not set."""
        return read.keys_of(plain(self.encryption_keys))


def gather(environment: Mapping[str, str], dotenv: Path | None = Path(".env")) -> tuple[dict[str, str], list[str]]:
    """Return what is set, by name and unchecked, and which lines of the file cannot be read. Raises SettingsError."""
    names = (*_LOWER_CASE, *(one.name.upper() for one in fields(Settings)))
    from_file, wrong = env_file.values_of(dotenv) if dotenv and dotenv.exists() else ({}, [])
    sources = (from_file, environment)
    return {name.upper(): value for source in sources for name in names if (value := source.get(name))}, wrong


def load(environment: Mapping[str, str], dotenv: Path | None = Path(".env"), *, serving: bool = False) -> Settings:
    """Return the settings of `environment` over those of the file `dotenv`.

    Raises SettingsError whose reason names every malformed setting, every line of the file that cannot be read, every
    half of a pair and, where `serving`, every missing one, one a line.
    """
    named, wrong = gather(environment, dotenv)
    values = {name.lower(): value for name, value in named.items()}
    well: dict[str, Any] = {}
    for one in fields(Settings):
        if one.name in values:
            try:
                well[one.name] = one.metadata["read"](values[one.name])
            except ValueError as error:
                wrong.append(f"{one.name.upper()}: {error}")
    loaded = Settings(**well) if well.keys() == values.keys() else None
    if loaded and loaded.feeds_through_proxy and not loaded.https_proxy:
        wrong.append("FEEDS_THROUGH_PROXY needs HTTPS_PROXY: set both or neither")
    for app in ("SLACK", "GOOGLE", "MICROSOFT"):
        half, other = f"{app}_CLIENT_ID", f"{app}_CLIENT_SECRET"
        if bool(values.get(half.lower())) != bool(values.get(other.lower())):
            wrong.append(f"{half} and {other} go together: set both or neither")
    if serving and loaded and loaded.port and loaded.metrics_port == loaded.port:
        wrong.append(f"METRICS_PORT is {loaded.port}, as PORT is: the metrics have a listener of their own")
    if serving:
        wrong += [f"not set: {name}" for name in _missing(values)]
    if loaded is None or wrong:
        raise SettingsError("\n".join(wrong))
    return loaded


def plain(secret: Secret | None) -> str:
    """Return a secret for whoever needs it; "" where it is not set."""
    return "" if secret is None else secret.value


def _missing(values: Mapping[str, object]) -> list[str]:
    missing = []
    sqlite = str(values.get("database_url") or DEFAULT_DATABASE).startswith("sqlite")
    if not values.get("slack_app_token") and not values.get("slack_signing_secret"):
        missing.append("SLACK_SIGNING_SECRET (or SLACK_APP_TOKEN for Socket Mode)")
    if not values.get("slack_client_id") and not values.get("slack_bot_token"):
        missing.append("SLACK_CLIENT_ID and SLACK_CLIENT_SECRET (people grant their own user token)")
    if not values.get("encryption_keys") and not sqlite:
        missing.append("ENCRYPTION_KEYS (every replica needs the same ones)")
    return missing
