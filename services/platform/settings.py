"""The settings: read once from the environment or `.env`, every mistake reported at once, secrets as `***`.

`app.py` alone calls `load`; the rest of the program is handed values. The field names, in upper case, are the
names of contract.md; `docs/operate.md` lists them and a test keeps that list equal to this class.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, ValidationInfo, field_validator

from services.domain.operator_errors import SettingsError
from services.platform import env_file
from services.platform.crypto import Encryptor

if TYPE_CHECKING:
    from sqlalchemy import URL

DEFAULT_DATABASE = "sqlite+aiosqlite:///var/statusquo.db"
PROXY_CHARSET = "latin-1"
"""Of a proxy's user and password: what aiohttp takes where they stand in its address."""

_LOWER_CASE = ("https_proxy", "no_proxy")
"""Settings that other programs read by these names, too: they count where the ones in upper case are not set."""

_TENANT = re.compile(r"[A-Za-z0-9.-]+")
_IN_NO_ADDRESS = re.compile(r"""[\s"'<>\\^`{|}]""")
"""RFC 3986 §2 and appendix C: a blank behind it, or quotes around it, are of the file that it was read from."""

_WHOLE = re.compile(r" *-?[0-9]+ *")

_PLAIN = {
    "bool_parsing": "must be true or false",
    "greater_than_equal": "must be at least {0[ctx][ge]}",
    "less_than_equal": "must be at most {0[ctx][le]}",
    "literal_error": "must be {0[ctx][expected]}",
}
"""What is said in the place of pydantic's sentence for a value, by its name for the error."""

_TOKENS = {
    "slack_app_token": ("xapp-", ("xoxb-", "xoxp-", "xoxe.", "xoxe-")),
    "slack_bot_token": ("xoxb-", ("xapp-", "xoxp-", "xoxe.xoxp-", "xoxe-")),
}
"""How Slack's tokens of a setting begin, and how those do that are pasted in their place; what begins otherwise may be
another Slack's. xoxe-: a refresh token; xoxe.: one that is rotated."""

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}


class Settings(BaseModel):
    """What the operator set. An empty value counts as not set."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    slack_signing_secret: SecretStr | None = Field(None, description="of the Slack app; needed for HTTP")
    slack_client_id: str | None = Field(None, description="of the Slack app; needed for OAuth")
    slack_client_secret: SecretStr | None = Field(None, description="of the Slack app; needed for OAuth")
    slack_app_token: SecretStr | None = Field(None, description="Socket Mode")
    slack_bot_token: SecretStr | None = Field(None, description="single-workspace use without an install page")
    slack_api_url: str = Field("https://slack.com/api/", description="every Web API call goes here")
    slack_authorize_url: str = Field("https://slack.com/oauth/v2/authorize", description="where an install is sent")
    database_url: str = Field(DEFAULT_DATABASE, description="SQLAlchemy URL: SQLite or PostgreSQL")
    encryption_keys: SecretStr | None = Field(
        None, description="Fernet keys, comma-separated, newest first; created in var/ on first run with SQLite"
    )
    public_url: str | None = Field(None, description="what redirects and webhook addresses start with")
    host: str = Field("127.0.0.1", description="where to listen")
    port: Annotated[int, Field(ge=0, le=65535, description="where to listen")] = 3000
    metrics_host: str = Field("127.0.0.1", description="where METRICS_PORT listens; 0.0.0.0 in a container")
    metrics_port: Annotated[
        int | None,
        Field(ge=0, le=65535, description="`/metrics` is there and not at PORT; `/readyz` is at both; workers too"),
    ] = None
    google_client_id: str | None = Field(None, description="of the OAuth client at Google")
    google_client_secret: SecretStr | None = Field(None, description="of the OAuth client at Google")
    google_api_url: str = Field("https://www.googleapis.com/calendar/v3/", description="Google Calendar's API")
    google_authorize_url: str = Field(
        "https://accounts.google.com/o/oauth2/v2/auth", description="where Google asks for consent"
    )
    google_token_url: str = Field("https://oauth2.googleapis.com/token", description="where Google gives tokens")
    microsoft_client_id: str | None = Field(None, description="of the app in Entra: Application (client) ID")
    microsoft_client_secret: SecretStr | None = Field(None, description="of the app in Entra: the secret's Value")
    microsoft_secret_expires: date | None = Field(
        None, description="the day on which Microsoft says that the secret runs out, such as 2028-11-30"
    )
    microsoft_graph_url: str = Field("https://graph.microsoft.com/v1.0/", description="Microsoft Graph")
    microsoft_authority: str = Field("common", description="the tenant, or the whole address of the authority")
    allow_private_addresses: bool = Field(
        False, description="let feeds and CalDAV servers live on private or loopback addresses"
    )
    feed_interval: Annotated[
        int, Field(ge=1, le=86_400, description="seconds between two regular looks at a calendar")
    ] = 900
    replies_allowed: bool = Field(True, description="tell whoever mentions a person who is out, where they want it")
    keeper_allowed: bool = Field(
        True, description="keep statuses of members without a grant, for leave alone, by an admin's grant"
    )
    agents_allowed: bool = Field(True, description="let agents act for people who gave them a key")
    audit_kept_days: Annotated[
        int, Field(ge=1, le=3650, description="days that is kept what was done to profiles, and what agents asked for")
    ] = 30
    deactivated_kept_days: Annotated[
        int, Field(ge=0, le=3650, description="days after which a member who was deactivated in Slack is deleted here")
    ] = 30
    deliveries_kept_hours: Annotated[
        int, Field(ge=25, le=720, description="hours for which a repeated delivery of Slack's is known as one")
    ] = 25
    backups_kept_days: Annotated[
        int,
        Field(
            ge=1, le=3650,
            description="for how many days you keep backups: so long it is known who was forgotten, as keyed digests",
        ),
    ] = 35  # fmt: skip
    trusted_proxies: str | None = Field(
        None, description="addresses or networks, comma-separated, whose `X-Forwarded-For` is believed"
    )
    https_proxy: SecretStr | None = Field(
        None, description="the proxy towards Slack, Google and Microsoft, such as http://proxy.example.com:3128"
    )
    no_proxy: str | None = Field(
        None, description="hosts, domains and networks, comma-separated, to which HTTPS_PROXY is not the way"
    )
    feeds_through_proxy: bool = Field(
        False, description="feeds and CalDAV through HTTPS_PROXY, too: then it has to refuse private addresses"
    )
    ssl_cert_file: str | None = Field(None, description="certificates (PEM) to trust in the place of the system's file")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="the least that is logged")
    log_format: Literal["console", "json"] | None = Field(None, description="console on a terminal, json otherwise")

    @field_validator(
        "slack_api_url", "slack_authorize_url", "public_url", "google_api_url", "google_authorize_url",
        "google_token_url", "microsoft_graph_url", "microsoft_authority",
    )  # fmt: skip
    @classmethod
    def _is_web_address(cls, value: str | None, of: ValidationInfo) -> str | None:
        may_be_tenant = of.field_name == "microsoft_authority"
        if value is None or (may_be_tenant and _TENANT.fullmatch(value)):
            return value
        wrong = f"must be {'a tenant, or ' * may_be_tenant}an address that starts with http:// or https://"
        try:
            parts = urlsplit(value)
            good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
            good = good and not _IN_NO_ADDRESS.search(value)
        except ValueError:  # brackets, or a port that is no number
            raise ValueError(wrong) from None
        if not good:
            raise ValueError(wrong)
        return value

    @field_validator("slack_app_token", "slack_bot_token")
    @classmethod
    def _is_no_other_token(cls, value: SecretStr | None, of: ValidationInfo) -> SecretStr | None:
        one, others = _TOKENS[of.field_name or ""]
        if value is not None and value.get_secret_value().startswith(others):
            raise ValueError(f"is a token of another kind: it has to begin with {one}")
        return value

    @field_validator("public_url")
    @classmethod
    def _is_a_whole_host(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "")
        if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError("must be scheme, host and port alone: I answer at https://quo.example.com, not below it")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: str | None) -> str | None:
        try:
            _networks(value)
        except ValueError:
            raise ValueError("must be addresses or networks, comma-separated, such as 10.0.0.1,10.1.0.0/16") from None
        return value

    @field_validator("https_proxy")
    @classmethod
    def _is_proxy(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        from yarl import URL  # noqa: PLC0415  # what `understand` and `--help` do not need

        try:
            url = URL(plain(value))
            f"{url.user}{url.password}".encode(PROXY_CHARSET)
            good = url.scheme in {"http", "https"} and bool(url.host and url.port) and ":" not in (url.user or "")
            good = good and url.raw_path == "/" and not url.raw_query_string and not url.raw_fragment
        except ValueError:  # brackets, a port that is no number, a password that no header can hold
            good = False
        if not good:
            raise ValueError(
                "must be http://host:port or https://host:port, where it wants them with user:password@ before the "
                "host and their special characters as %40"
            )
        return value

    @field_validator("no_proxy")
    @classmethod
    def _has_networks(cls, value: str | None) -> str | None:
        try:
            _networks(",".join(part for part in (value or "").split(",") if "/" in part))
        except ValueError:
            raise ValueError("must be hosts, domains and networks, comma-separated: .corp.example,10.0.0.0/8") from None
        return value

    @field_validator("ssl_cert_file")
    @classmethod
    def _has_certificates(cls, value: str | None) -> str | None:
        if value is not None:
            from ssl import SSLError  # noqa: PLC0415  # a twelfth of a second that most installations do not need

            from services.platform.certificates import trusting  # noqa: PLC0415  # as above

            try:
                trusting(value)
            except SSLError:
                raise ValueError("is no file of certificates (PEM)") from None
            except OSError as error:
                raise ValueError(f"cannot be read: {(error.strerror or 'no such file').lower()}") from None
        return value

    @field_validator("slack_api_url", "google_api_url", "microsoft_graph_url")
    @classmethod
    def _ends_in_slash(cls, value: str) -> str:
        return value.rstrip("/") + "/"

    @field_validator("microsoft_secret_expires", mode="before")
    @classmethod
    def _is_a_day(cls, value: object) -> object:
        try:
            return date.fromisoformat(value) if isinstance(value, str) else value
        except ValueError:
            raise ValueError("must be a day such as 2028-11-30") from None

    @field_validator(
        "port", "metrics_port", "feed_interval", "audit_kept_days", "deactivated_kept_days", "deliveries_kept_hours",
        "backups_kept_days", mode="before",
    )  # fmt: skip
    @classmethod
    def _is_whole_number(cls, value: object) -> object:
        if isinstance(value, str) and not _WHOLE.fullmatch(value):  # pydantic reads 1_0 as ten
            raise ValueError("must be a whole number, in digits alone")
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _is_database(cls, value: str) -> str:
        url = _url(value)
        backend = url.drivername.partition("+")[0]
        if backend not in _DRIVERS:
            raise ValueError("must be a sqlite or a postgresql URL")
        if backend == "sqlite" and url.database in {None, "", ":memory:"}:
            raise ValueError("must name a file, such as sqlite+aiosqlite:///var/statusquo.db")
        return url.set(drivername=_DRIVERS[backend]).render_as_string(hide_password=False)

    @field_validator("encryption_keys")
    @classmethod
    def _are_keys(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            try:
                Encryptor(_split(value))
            except SettingsError as error:
                raise ValueError("must be Fernet keys, comma-separated, newest first") from error
        return value

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
        return _networks(self.trusted_proxies)

    @property
    def microsoft_login_url(self) -> str:
        """The authority's address, without a slash at the end: MICROSOFT_AUTHORITY is a tenant, or all of it."""
        named = self.microsoft_authority.rstrip("/")
        return named if "://" in named else f"https://login.microsoftonline.com/{named}"

    @property
    def database_file(self) -> Path:
        """Where the embedded database is, a relative path from the working directory."""
        return Path(_url(self.database_url).database or "var/x")

    @property
    def key_file(self) -> Path:
        """Where the keys are that nobody set, beside the embedded database."""
        return self.database_file.with_name("encryption.keys")

    def missing_for_serving(self) -> list[str]:
        """Return the names that `serve` cannot do without and that are not set."""
        return _missing({name: getattr(self, name) for name in type(self).model_fields})

    @property
    def given_keys(self) -> list[str]:
        """The Fernet keys of ENCRYPTION_KEYS, newest first; none where it is not set."""
        return _split(self.encryption_keys) if self.encryption_keys else []


def _networks(value: str | None) -> tuple[IPv4Network | IPv6Network, ...]:
    """Networks, comma-separated; an address is a network of one. Raises ValueError."""
    return tuple(ip_network(part.strip(), strict=False) for part in (value or "").split(",") if part.strip())


def _url(value: str) -> URL:
    """Return a database's URL. Raises ValueError."""
    from sqlalchemy import make_url  # noqa: PLC0415  # a third of a second that `understand` and `--help` do not need
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415  # as above

    try:
        return make_url(value)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise ValueError("must be an SQLAlchemy URL such as postgresql+asyncpg://user@host/name") from None


def gather(environment: Mapping[str, str], dotenv: Path | None = Path(".env")) -> tuple[dict[str, str], list[str]]:
    """Return what is set, by name and unchecked, and which lines of the file cannot be read. Raises SettingsError."""
    names = (*_LOWER_CASE, *(name.upper() for name in Settings.model_fields))
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
    loaded = None
    try:
        loaded = Settings(**values)  # type: ignore[arg-type]  # texts, which pydantic turns into the fields' types
    except ValidationError as error:
        for e in error.errors():
            name = ".".join(map(str, e["loc"])).upper()
            says = _PLAIN.get(e["type"], "{0[msg]}").format(e).removeprefix("Value error, ")
            wrong.append(f"{name}: {says}")
    if loaded and loaded.feeds_through_proxy and not loaded.https_proxy:
        wrong.append("FEEDS_THROUGH_PROXY needs HTTPS_PROXY: set both or neither")
    for app in ("SLACK", "GOOGLE", "MICROSOFT"):
        one, other = f"{app}_CLIENT_ID", f"{app}_CLIENT_SECRET"
        if bool(values.get(one.lower())) != bool(values.get(other.lower())):
            wrong.append(f"{one} and {other} go together: set both or neither")
    if serving and loaded and loaded.port and loaded.metrics_port == loaded.port:
        wrong.append(f"METRICS_PORT is {loaded.port}, as PORT is: the metrics have a listener of their own")
    if serving:
        wrong += [f"not set: {name}" for name in _missing(values)]
    if loaded is None or wrong:
        raise SettingsError("\n".join(wrong))
    return loaded


def plain(secret: SecretStr | None) -> str:
    """Return a secret for whoever needs it; "" where it is not set."""
    return "" if secret is None else secret.get_secret_value()


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


def _split(keys: SecretStr) -> list[str]:
    return [key.strip() for key in keys.get_secret_value().split(",") if key.strip()]
