import pytest

from concierge_admin import passwords
from concierge_core.errors import InvalidInput


async def test_only_the_right_password_opens() -> None:
    stored = await passwords.hash_password("correct horse battery")

    assert stored.startswith("$argon2id$")
    assert await passwords.verify(stored, "correct horse battery")
    assert not await passwords.verify(stored, "correct horse batterY")


async def test_an_account_without_a_password_or_without_existence_never_opens() -> None:
    assert not await passwords.verify(None, "")
    assert not await passwords.verify("not a hash", "anything")


def test_a_made_password_is_long_and_can_be_read_out() -> None:
    made = passwords.new_password()

    assert len(made) == 27
    assert made.replace("-", "").isalpha()
    assert made != passwords.new_password()
    passwords.check_strength(made)


@pytest.mark.parametrize("password", ["", "short", "x" * 257])
def test_a_password_of_the_wrong_length_is_refused(password: str) -> None:
    with pytest.raises(InvalidInput):
        passwords.check_strength(password)


def test_a_new_password_leaves_another_mark() -> None:
    assert passwords.mark("one") != passwords.mark("two")
