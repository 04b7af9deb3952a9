"""What people paste in the wrong place."""

from __future__ import annotations

import pytest

from services.commands import answers

SECRET = "0123456789abcdef" * 2
GUID = "11111111-2222-4333-8444-555555555555"
GOOGLE = "12-ab.apps.googleusercontent.com"


@pytest.mark.parametrize(
    ("pasted", "meant"),
    [(" 1.2\n", "1.2"), ("'1.2'", "1.2"), ('" 1.2 "', "1.2"), ("`1.2`", "1.2"), ("'", "'"), ("", "")],
)
def test_what_a_clipboard_brings_along_is_left_out(pasted: str, meant: str) -> None:
    assert answers.cleaned(pasted) == meant


RIGHT = [
    answers.client_id("1234567890.1234567890"), answers.client_secret(SECRET), answers.signing_secret(SECRET, "x"),
    answers.app_token("xapp-1-A0STATUSQUO-1-0a"), answers.google_id(GOOGLE), answers.google_secret("GOCSPX-a_b-c"),
    answers.microsoft_id(GUID), answers.microsoft_secret("abc8Q~d.e_f-g"),
    answers.postgresql("postgresql://u:p@h/d"), answers.setting("PUBLIC_URL", "https://quo.example.com"),
]  # fmt: skip


def test_right_answers_are_taken() -> None:
    assert [""] * len(RIGHT) == RIGHT


@pytest.mark.parametrize(
    ("said", "begins"),
    [
        (answers.client_id(""), "Nothing was typed."),
        (answers.client_id("A0STATUSQUO"), "That is the id of an app or a workspace"),
        (answers.client_id(SECRET), "A client id is two numbers"),
        (answers.client_secret("1.2"), "That is the client id"),
        (answers.client_secret("xoxp-1"), "That is a user token"),
        (answers.client_secret("xoxe.xoxp-1"), "That is a token that rotates"),
        (answers.client_secret("https://api.slack.com/apps"), "That is an address"),
        (answers.client_secret("0123 4567"), "There is a blank in it"),
        (answers.client_secret("0123\u20264567"), "There is a sign in it that none has"),
        (answers.signing_secret("1.2", "x"), "That is the client id"),
        (answers.signing_secret("x", "x"), "That is the client secret"),
        (answers.signing_secret("xapp-1", "x"), "That is an app-level token"),
        (answers.app_token("xoxb-1"), "That is a bot token"),
        (answers.app_token(SECRET), "An app-level token begins with xapp-."),
        (answers.google_id("GOCSPX-x"), "That is a client secret of Google's"),
        (answers.google_id("x"), "A client id of Google's ends with"),
        (answers.google_secret(GOOGLE), "That is a client id of Google's"),
        (answers.microsoft_id("x"), "It is 32 digits of base 16 with four dashes"),
        (answers.microsoft_secret(GUID), "That is an id. The secret is its Value"),
        (answers.postgresql("sqlite:///x.db"), "An address of PostgreSQL begins with"),
        (answers.postgresql("x"), "It must be an SQLAlchemy URL"),
        (answers.setting("PUBLIC_URL", "ftp://x"), "It must be an address that starts with"),
    ],
)
def test_what_belongs_elsewhere_is_told(said: str, begins: str) -> None:
    assert said.startswith(begins)


def test_slacks_secrets_are_known_by_their_shape() -> None:
    assert [answers.is_usual_secret(one) for one in (SECRET, SECRET.upper(), SECRET[1:], GUID)] == [
        True, False, False, False,
    ]  # fmt: skip
