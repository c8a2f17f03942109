"""Secrets are found in the mounted folder, the secrets file or the environment, and never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from concierge_core.errors import TenantFileError
from concierge_core.settings import Settings
from concierge_core.tenant.secrets import SecretSource, environment_name
from concierge_core.tenant.values import SecretRef

REF = SecretRef(name="gemini-eu.1", key="api-key")


def value(source: SecretSource, ref: SecretRef | None = REF) -> str | None:
    secret = source.get(ref)
    return secret.get_secret_value() if secret else None


def test_the_mounted_folder_wins_over_the_file_and_the_file_over_the_environment(tmp_path: Path) -> None:
    mounted, file = tmp_path / "mounted", tmp_path / "secrets.yaml"
    (mounted / REF.name).mkdir(parents=True)
    (mounted / REF.name / REF.key).write_text("from-mount\n")
    file.write_text("gemini-eu.1: {api-key: from-file}\n")
    environment = {"CONCIERGE_SECRET_GEMINI_EU_1_API_KEY": "from-environment"}

    assert environment_name(REF) in environment
    assert value(SecretSource(Settings(secrets_dir=mounted, secrets_file=file), environment)) == "from-mount"
    assert value(SecretSource(Settings(secrets_file=file), environment)) == "from-file"
    assert value(SecretSource(Settings(), environment)) == "from-environment"
    assert value(SecretSource(Settings(), {})) is None


def test_a_rotated_secret_is_seen_at_once(tmp_path: Path) -> None:
    file = tmp_path / "secrets.yaml"
    source = SecretSource(Settings(secrets_file=file), {})
    for written in ("one", "two"):
        file.write_text(f"gemini-eu.1: {{api-key: {written}}}\n")
        assert value(source) == written


def test_absent_and_empty_secrets_are_none(tmp_path: Path) -> None:
    file = tmp_path / "secrets.yaml"
    file.write_text("gemini-eu.1: {api-key: ''}\nother: {x: y}\n")
    source = SecretSource(Settings(secrets_file=file), {environment_name(REF): ""})
    assert value(source) is None
    assert value(source, None) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("gemini-eu.1: hush-hush\n", 'gemini-eu.1: must be a section "name: {key: value}"'),
        ("gemini-eu.1: {api-key: 4711}\n", "gemini-eu.1.api-key: must be a text; put it in quotes"),
        ("gemini-eu.1: {api-key: hush-hush\n", "is not valid YAML"),
        ("- hush-hush\n", 'must be a section "name: {key: value}"'),
    ],
)
def test_an_unusable_file_is_told_without_its_secrets(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "secrets.yaml"
    file.write_text(text)
    with pytest.raises(TenantFileError) as caught:
        SecretSource(Settings(secrets_file=file), {}).get(REF)
    assert words in str(caught.value)
    assert "hush-hush" not in str(caught.value)


def test_a_mounted_secret_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / REF.name).mkdir()
    (tmp_path / REF.name / REF.key).write_bytes(b"\xff\xfe")
    with pytest.raises(TenantFileError, match="cannot be read as text"):
        SecretSource(Settings(secrets_dir=tmp_path), {}).get(REF)


def test_a_missing_secret_comes_with_a_remedy() -> None:
    assert SecretSource(Settings(), {}).remedy(REF) == (
        'put "gemini-eu.1: {api-key: …}" into the file given by --secrets, or set CONCIERGE_SECRET_GEMINI_EU_1_API_KEY'
    )
