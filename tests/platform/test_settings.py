from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from services.domain.operator_errors import SettingsError
from services.platform import settings
from services.platform.keys import keys_of


def test_settings_of_an_empty_environment_are_the_defaults_of_the_contract() -> None:
    loaded = settings.load({}, None)
    assert (loaded.host, loaded.port, loaded.feed_interval, loaded.allow_private_addresses) == (
        "127.0.0.1",
        3000,
        900,
        False,
    )
    assert loaded.slack_api_url == "https://slack.com/api/"
    assert loaded.slack_authorize_url == "https://slack.com/oauth/v2/authorize"
    assert loaded.base_url == "http://localhost:3000"
    assert loaded.is_sqlite
    assert not loaded.has_slack


def test_every_mistake_is_reported_at_once_by_name_and_without_its_value() -> None:
    with pytest.raises(SettingsError) as caught:
        settings.load(
            {"PORT": "http", "FEED_INTERVAL": "0", "SLACK_API_URL": "slack.com", "DATABASE_URL": "mysql://x",
             "ENCRYPTION_KEYS": "hunter2", "LOG_LEVEL": "loud"}, None,
        )  # fmt: skip
    lines = caught.value.reason.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "SLACK_API_URL", "DATABASE_URL", "ENCRYPTION_KEYS", "PORT", "FEED_INTERVAL", "LOG_LEVEL",
    ]  # fmt: skip
    assert "hunter2" not in caught.value.reason


def test_what_serving_lacks_is_reported_with_what_is_malformed() -> None:
    with pytest.raises(SettingsError) as caught:
        settings.load({"FEED_INTERVAL": "0", "GOOGLE_CLIENT_ID": "1"}, None, serving=True)
    assert [line.split(" ")[0].rstrip(":") for line in caught.value.reason.splitlines()] == [
        "FEED_INTERVAL", "GOOGLE_CLIENT_ID", "not", "not",
    ]  # fmt: skip
    assert "SLACK_SIGNING_SECRET" in caught.value.reason


def test_metrics_have_a_port_of_their_own_where_something_listens() -> None:
    both = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "METRICS_PORT": "3000"}
    with pytest.raises(SettingsError) as caught:
        settings.load(both, None, serving=True)
    assert caught.value.reason == "METRICS_PORT is 3000, as PORT is: the metrics have a listener of their own"
    assert settings.load(both, None).metrics_port == 3000
    assert settings.load(both | {"PORT": "0", "METRICS_PORT": "0"}, None, serving=True).metrics_port == 0


def test_half_a_pair_is_reported() -> None:
    with pytest.raises(SettingsError, match="SLACK_CLIENT_ID and SLACK_CLIENT_SECRET go together"):
        settings.load({"SLACK_CLIENT_ID": "1.2"}, None)


@pytest.mark.parametrize("given", ["my tenant", "contoso.example/v2", "https://", "ftp://login.example/common"])
def test_authority_that_is_neither_a_tenant_nor_an_address_is_refused(given: str) -> None:
    with pytest.raises(SettingsError, match="MICROSOFT_AUTHORITY: must be a tenant, or an address that starts with"):
        settings.load({"MICROSOFT_AUTHORITY": given}, None)
    for good in ("common", "contoso.example", "0e9f1b7c-0000-4000-8000-000000000000", "https://login.example/common"):
        assert settings.load({"MICROSOFT_AUTHORITY": good}, None).microsoft_authority == good


def test_secrets_print_as_stars() -> None:
    loaded = settings.load(
        {"SLACK_SIGNING_SECRET": "s3cr3t", "SLACK_APP_TOKEN": "xapp-1", "SLACK_BOT_TOKEN": "xoxb-1"}, None
    )
    assert "s3cr3t" not in repr(loaded)
    assert "xapp-1" not in repr(loaded)
    assert "***" in repr(loaded)


def test_environment_wins_over_the_file_and_empty_means_not_set(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("PORT=4000\nHOST=192.0.2.1\nSLACK_CLIENT_ID=\n")
    loaded = settings.load({"PORT": "5000", "HOST": ""}, file)
    assert (loaded.port, loaded.host, loaded.slack_client_id) == (5000, "192.0.2.1", None)


def test_file_that_is_no_text_is_refused_by_its_name(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"HOST=caf\xe9\n")
    with pytest.raises(SettingsError, match="UTF-8"):
        settings.load({}, file)


def test_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    """A container engine makes one where the file that is to be mounted is not there."""
    (tmp_path / ".env").mkdir()
    with pytest.raises(SettingsError) as caught:
        settings.load({}, tmp_path / ".env")
    assert caught.value.reason == f"{tmp_path}/.env: Is a directory"


def test_lines_of_the_file_that_cannot_be_read_are_named_with_the_other_mistakes(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        'HOST=192.0.2.1\n\n# ours\nexport SLACK_SIGNING_SECRET=\'hunter2\nxoxb-1 "x\nFEED_INTERVAL=0\nPORT="1'
    )
    with pytest.raises(SettingsError) as caught:
        settings.load({}, file)
    assert caught.value.reason.splitlines() == [
        f"SLACK_SIGNING_SECRET: line 4 of {file} cannot be read; is a quote not closed?",
        f"{file}: line 5 cannot be read; is a quote not closed?",
        f"PORT: line 7 of {file} cannot be read; is a quote not closed?",
        "FEED_INTERVAL: must be at least 1",
    ]


@pytest.mark.parametrize("given", ["1_0", "1_000", "9e2", "900.0", "+900", "0x10", "٩٠٠", "９００", "-", "many"])
def test_number_that_is_not_written_in_digits_alone_is_refused(given: str) -> None:
    whole = [name for name, field in settings.Settings.model_fields.items() if field.annotation in {int, int | None}]
    with pytest.raises(SettingsError) as caught:
        settings.load(dict.fromkeys(map(str.upper, whole), given), None)
    said = [f"{name.upper()}: must be a whole number, in digits alone" for name in whole]
    assert sorted(caught.value.reason.splitlines()) == sorted(said)
    assert len(whole) == 7


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"AGENTS_ALLOWED": "perhaps"}, "AGENTS_ALLOWED: must be true or false"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL: must be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ({"LOG_FORMAT": "JSON"}, "LOG_FORMAT: must be 'console' or 'json'"),
        ({"METRICS_PORT": "65536"}, "METRICS_PORT: must be at most 65535"),
        ({"FEED_INTERVAL": "0"}, "FEED_INTERVAL: must be at least 1"),
    ],
)
def test_value_that_is_none_of_those_is_told_with_them(given: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings.load(given, None)
    assert caught.value.reason == said


def test_yes_and_no_may_be_said_in_any_of_the_usual_words() -> None:
    words = ("TRUE", "yes", "on", "1", "t", "False", "no", "off", "0")
    said = {word: settings.load({"AGENTS_ALLOWED": word}, None).agents_allowed for word in words}
    assert [word for word, meant in said.items() if meant] == ["TRUE", "yes", "on", "1", "t"]


def test_number_may_have_blanks_around_it() -> None:
    assert settings.load({"FEED_INTERVAL": " 900 "}, None).feed_interval == 900


def test_file_is_read_as_shells_write_it(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("export HOST='192.0.2.1'  # here\nPORT=\"4000\"\nSLACK_CLIENT_ID\nLOG_LEVEL = debug\n")
    loaded = settings.load({}, file)
    assert (loaded.host, loaded.port, loaded.slack_client_id, loaded.log_level) == ("192.0.2.1", 4000, None, "DEBUG")


@pytest.mark.parametrize("given", ["postgresql://u:hunter2@h:notaport/x", "postgresql", "://"])
def test_database_url_that_is_none_is_told_with_an_example(given: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings.load({"DATABASE_URL": given}, None)
    said = "DATABASE_URL: must be an SQLAlchemy URL such as postgresql+asyncpg://user@host/name"
    assert caught.value.reason == said


@pytest.mark.parametrize("given", ["sqlite://", "sqlite:///", "sqlite+aiosqlite:///:memory:"])
def test_sqlite_without_a_file_is_refused(given: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings.load({"DATABASE_URL": given}, None)
    assert caught.value.reason == "DATABASE_URL: must name a file, such as sqlite+aiosqlite:///var/statusquo.db"


@pytest.mark.parametrize("given", ["http://h:notaport", "http://[::1", "http://:80", "ftp://h", "h"])
def test_web_address_that_is_none_is_told_what_it_starts_with(given: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings.load({"GOOGLE_API_URL": given}, None)
    assert caught.value.reason == "GOOGLE_API_URL: must be an address that starts with http:// or https://"


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgresql+psycopg://u@h/d", "postgresql+asyncpg://u@h/d"),
        ("sqlite:///x.db", "sqlite+aiosqlite:///x.db"),
    ],
)
def test_database_url_gets_the_driver_that_is_installed(given: str, used: str) -> None:
    assert settings.load({"DATABASE_URL": given}, None).database_url == used


@pytest.mark.parametrize("given", ["xoxb-1-s3cr3t", "xoxp-1-s3cr3t", "xoxe.xoxp-1-s3cr3t", "xoxe-1-s3cr3t"])
def test_token_that_is_no_app_level_one_is_refused(given: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings.load({"SLACK_APP_TOKEN": given}, None)
    assert caught.value.reason == "SLACK_APP_TOKEN: is a token of another kind: it has to begin with xapp-"


@pytest.mark.parametrize("given", ["xapp-1-s3cr3t", "xoxp-1-s3cr3t", "xoxe.xoxp-1-s3cr3t", "xoxe-1-s3cr3t"])
def test_token_that_is_no_bots_is_refused(given: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings.load({"SLACK_BOT_TOKEN": given}, None)
    assert caught.value.reason == "SLACK_BOT_TOKEN: is a token of another kind: it has to begin with xoxb-"
    assert settings.load({"SLACK_BOT_TOKEN": "xoxe.xoxb-1-s3cr3t"}, None).slack_bot_token is not None


@pytest.mark.parametrize("rest", ["/quo", "/quo/", "/?a=1", "?a=1", "/#top", "//x"])
def test_public_url_with_more_than_a_host_is_refused_with_the_others(rest: str) -> None:
    given = {"PUBLIC_URL": f"https://quo.example.com:8443{rest}", "PORT": "many"}
    with pytest.raises(SettingsError) as caught:
        settings.load(given, None)
    assert sorted(line.split(":")[0] for line in caught.value.reason.splitlines()) == ["PORT", "PUBLIC_URL"]


@pytest.mark.parametrize(
    "given", ["https://quo.example.com ", " https://quo.example.com", "https://a b.example", 'https://q"x']
)
def test_address_with_a_blank_or_a_quote_is_none(given: str) -> None:
    with pytest.raises(SettingsError, match="PUBLIC_URL: must be an address that starts with http"):
        settings.load({"PUBLIC_URL": given}, None)


@pytest.mark.parametrize("given", ["https://quo.example.com:8443", "https://quo.example.com:8443/"])
def test_public_url_is_a_host(given: str) -> None:
    assert settings.load({"PUBLIC_URL": given}, None).base_url == "https://quo.example.com:8443"


def test_keys_are_made_once_beside_the_sqlite_file_and_readable_by_the_owner_alone(tmp_path: Path) -> None:
    loaded = settings.load({"DATABASE_URL": f"sqlite:///{tmp_path}/var/x.db"}, None)
    first = keys_of(loaded)
    assert keys_of(loaded) == first
    assert (tmp_path / "var" / "encryption.keys").stat().st_mode & 0o777 == 0o600


def test_place_where_no_keys_can_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file, and no folder")
    loaded = settings.load({"DATABASE_URL": f"sqlite:///{tmp_path}/var/x.db"}, None)
    with pytest.raises(SettingsError, match=r"ENCRYPTION_KEYS is not set, and .*encryption.keys: File exists"):
        keys_of(loaded)


@pytest.mark.parametrize("held", [b"hunter2\n", b"\xff\xfeh\x00"])
def test_file_of_keys_that_holds_none_is_named_and_not_shown(tmp_path: Path, held: bytes) -> None:
    (tmp_path / "encryption.keys").write_bytes(held)
    loaded = settings.load({"DATABASE_URL": f"sqlite:///{tmp_path}/x.db"}, None)
    with pytest.raises(SettingsError, match=r"encryption.keys holds something that is no Fernet key") as caught:
        keys_of(loaded)
    assert "hunter2" not in caught.value.reason


def test_full_disk_leaves_no_file_of_keys_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    loaded = settings.load({"DATABASE_URL": f"sqlite:///{tmp_path}/x.db"}, None)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(SettingsError, match="No space left on device"):
            keys_of(loaded)
    assert len(keys_of(loaded)) == 1


def test_empty_file_of_keys_is_named(tmp_path: Path) -> None:
    loaded = settings.load({"DATABASE_URL": f"sqlite:///{tmp_path}/x.db"}, None)
    loaded.key_file.touch()
    with pytest.raises(SettingsError, match=r"encryption.keys is empty: put the keys back into it"):
        keys_of(loaded)


def test_no_keys_are_made_beside_a_database_that_has_lost_its_own(tmp_path: Path) -> None:
    loaded = settings.load({"DATABASE_URL": f"sqlite:///{tmp_path}/x.db"}, None)
    (tmp_path / "x.db").write_bytes(b"SQLite")
    with pytest.raises(SettingsError, match=r"encryption.keys is missing beside .*x.db: put the keys back"):
        keys_of(loaded)
    assert not loaded.key_file.exists()


def test_postgresql_needs_keys_that_were_set() -> None:
    loaded = settings.load({"DATABASE_URL": "postgresql://h/d"}, None)
    assert "ENCRYPTION_KEYS (every replica needs the same ones)" in loaded.missing_for_serving()
    with pytest.raises(SettingsError):
        keys_of(loaded)


def test_serving_names_everything_that_is_missing() -> None:
    assert settings.load({}, None).missing_for_serving() == [
        "SLACK_SIGNING_SECRET (or SLACK_APP_TOKEN for Socket Mode)",
        "SLACK_CLIENT_ID and SLACK_CLIENT_SECRET (people grant their own user token)",
    ]
