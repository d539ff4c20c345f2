"""Links open for the right purpose and person, until their time is over, and never after a change."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.signing import Claim, SignatureExpired, SignatureInvalid, Signer

KEY = "the-first-key-of-the-site"
NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
SOON = NOW + timedelta(hours=4)
CLAIMS: dict[str, Claim] = {"asset": 7, "user": 42, "stream": "a1b2"}


def test_a_link_gives_back_what_it_was_made_for() -> None:
    signer = Signer(KEY, purpose="playback")
    assert signer.verify(signer.sign(CLAIMS, expires=SOON), now=NOW) == CLAIMS


def test_it_needs_no_quoting_and_stays_short() -> None:
    token = Signer(KEY, purpose="playback").sign(CLAIMS, expires=SOON)
    assert all(letter.isalnum() or letter in "-_." for letter in token)
    assert len(token) < 150


def test_it_expires_to_the_second() -> None:
    signer = Signer(KEY, purpose="playback")
    token = signer.sign(CLAIMS, expires=SOON)
    signer.verify(token, now=SOON - timedelta(seconds=1))
    for late in (SOON, SOON + timedelta(days=400)):
        with pytest.raises(SignatureExpired):
            signer.verify(token, now=late)


def test_another_purpose_or_key_does_not_open_it() -> None:
    token = Signer(KEY, purpose="playback").sign(CLAIMS, expires=SOON)
    for other in (Signer(KEY, purpose="download"), Signer("another key altogether", purpose="playback")):
        with pytest.raises(SignatureInvalid):
            other.verify(token, now=NOW)


def test_a_retired_key_opens_old_links_and_signs_no_new_ones() -> None:
    old, new_key = Signer(KEY, purpose="playback"), "the-second-key-of-the-site"
    rotated = Signer(new_key, purpose="playback", retired=[KEY])

    assert rotated.verify(old.sign(CLAIMS, expires=SOON), now=NOW) == CLAIMS
    fresh = rotated.sign(CLAIMS, expires=SOON)
    assert Signer(new_key, purpose="playback").verify(fresh, now=NOW) == CLAIMS
    with pytest.raises(SignatureInvalid):
        old.verify(fresh, now=NOW)


@given(st.data())
def test_no_changed_letter_goes_unnoticed(data: st.DataObject) -> None:
    signer = Signer(KEY, purpose="playback")
    token = signer.sign(CLAIMS, expires=SOON)
    at = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("abcXYZ019-_.=\u8bfe "))
    changed = token[:at] + letter + token[at + 1 :]
    try:
        # The last letter of a base64 text has bits that mean nothing; the claims cannot differ even so.
        assert signer.verify(changed, now=NOW) == CLAIMS
        assert changed == token or at == len(token) - 1
    except SignatureInvalid:
        assert changed != token


@given(st.text(max_size=300))
def test_any_other_text_is_invalid(text: str) -> None:
    with pytest.raises(SignatureInvalid):
        Signer(KEY, purpose="playback").verify(text, now=NOW)


def test_an_endless_token_is_not_even_looked_at() -> None:
    with pytest.raises(SignatureInvalid):
        Signer(KEY, purpose="playback").verify("a" * 10_000_000, now=NOW)


def test_a_guessable_key_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Signer("short", purpose="playback")
