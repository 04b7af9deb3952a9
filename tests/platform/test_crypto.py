"""What is stored sealed can be read by every later release, and by nobody for another place."""

from __future__ import annotations

import base64

import pytest
from cryptography.fernet import Fernet

from services.domain.operator_errors import SealError
from services.platform.crypto import Encryptor, SealedBytes, new_key

KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()
TOKEN = ("people.token", "T1", "U1")
STORED = SealedBytes.fromhex("01303132333435363738396162178916531151eafabfea4dcaa7bf2866f25910512c1215b0")
"""What this release stores for "xoxp-ann" under KEY, with the nonce 0123456789ab."""


def fernet(key: str, plain: bytes, place: str = "people.token/T1/U1") -> bytes:
    """As the releases before stored a value."""
    return Fernet(key).encrypt(place.encode() + b"\x00" + plain)


EITHER = pytest.mark.parametrize("stored", [STORED, fernet(KEY, b"xoxp-ann")], ids=["aes-gcm", "fernet"])


def test_what_was_stored_is_opened() -> None:
    assert Encryptor([KEY]).open(STORED, *TOKEN) == "xoxp-ann"


def test_digests_are_those_that_are_stored() -> None:
    assert Encryptor([KEY]).digest(b"google\nann@example.com") == "1c2ce404f40986e3c0baa10bb2c5a1d4"


@pytest.mark.parametrize("plain", ["", "x", "Tee & Kuchen \u2615", b"\x00\xff", b"x" * 2_000_000])
def test_what_is_sealed_comes_back(plain: str | bytes) -> None:
    encryptor = Encryptor([new_key()])
    sealed = encryptor.seal(plain, *TOKEN)
    opened = encryptor.open_bytes(sealed, *TOKEN)
    assert opened == (plain.encode() if isinstance(plain, str) else plain)
    assert (sealed[:1], len(sealed) - len(opened)) == (b"\x01", 29)


def test_nothing_stays_nothing() -> None:
    encryptor = Encryptor([KEY])
    assert (encryptor.seal(None, *TOKEN), encryptor.open(None, *TOKEN)) == (None, None)


def test_same_value_sealed_twice_differs() -> None:
    encryptor = Encryptor([KEY])
    assert encryptor.seal("x", *TOKEN) != encryptor.seal("x", *TOKEN)


@pytest.mark.parametrize("keys", [[KEY], [new_key(), KEY], [new_key(), new_key(), KEY]])
@EITHER
def test_every_key_opens_what_either_way_sealed(keys: list[str], stored: bytes) -> None:
    assert Encryptor(keys).open(stored, *TOKEN) == "xoxp-ann"


@EITHER
@pytest.mark.parametrize(
    ("key", "place"),
    [(KEY, ("people.token", "T1", "U2")), (KEY, ("people.refresh_token", "T1", "U1")), (new_key(), TOKEN)],
    ids=["another row", "another column", "another key"],
)
def test_other_place_and_other_key_open_nothing(stored: bytes, key: str, place: tuple[str, str, str]) -> None:
    for ask in (Encryptor([key]).open, Encryptor([key]).reseal):
        with pytest.raises(SealError) as raised:
            ask(stored, *place)
        assert "xoxp" not in str(raised.value)
        assert "U1" not in str(raised.value)


@pytest.mark.parametrize(
    "stored",
    [
        *(STORED[:place] + bytes([STORED[place] ^ 1]) + STORED[place + 1 :] for place in range(len(STORED))),
        *(STORED[:length] for length in range(len(STORED))),
        STORED + b"x", b"\x02" + STORED[1:], b"gAAAA", b"xoxp-ann",
    ],
    ids=str,
)  # fmt: skip
def test_changed_value_does_not_open(stored: bytes) -> None:
    with pytest.raises(SealError):
        Encryptor([KEY, new_key()]).open(stored, *TOKEN)


@EITHER
def test_resealing_moves_to_the_newest_key(stored: bytes) -> None:
    new = new_key()
    fresh = Encryptor([new, KEY]).reseal(stored, *TOKEN)
    assert fresh is not None
    assert fresh[:1] == b"\x01"
    assert Encryptor([new]).open(fresh, *TOKEN) == Encryptor([KEY]).open(stored, *TOKEN)
    assert Encryptor([new, KEY]).reseal(fresh, *TOKEN) is None


def test_fernet_value_of_the_newest_key_is_resealed() -> None:
    fresh = Encryptor([KEY]).reseal(fernet(KEY, b"xoxp-ann"), *TOKEN)
    assert fresh is not None
    assert Encryptor([KEY]).open(fresh, *TOKEN) == "xoxp-ann"


def test_token_is_url_safe_and_opens_for_its_purpose_alone() -> None:
    encryptor = Encryptor([KEY])
    token = encryptor.seal_token("google\nT1", "links")
    assert token.replace("-", "_").replace("_", "a").isalnum()
    assert encryptor.open_token(token, "links") == "google\nT1"
    with pytest.raises(SealError):
        encryptor.open_token(token, "browser")


def test_token_that_a_release_before_gave_out_is_opened() -> None:
    assert Encryptor([KEY]).open_token(fernet(KEY, b"google\nT1", "links").decode(), "links") == "google\nT1"


@pytest.mark.parametrize("token", ["", "x", "sq1_", "sq1_A", "sq1_!!", "sq1_ä", "ä", "gAAAA", "sq1_" + "A" * 99])
def test_token_that_is_none_of_ours_is_refused(token: str) -> None:
    with pytest.raises(SealError):
        Encryptor([KEY]).open_token(token, "links")
