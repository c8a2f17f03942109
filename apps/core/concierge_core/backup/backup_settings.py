"""Settings of `concierge-backup`. The credentials keep the names that S3 tools know."""

from __future__ import annotations

from pathlib import Path

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from concierge_core.settings import ProcessSettings

SHORTEST_PASSPHRASE = 16


class BackupSettings(ProcessSettings):
    """Where archives go, under which passphrase, and where the pod's containers leave things for each other."""

    model_config = SettingsConfigDict(env_prefix="CONCIERGE_BACKUP_", populate_by_name=True)

    destination: str
    """`s3://bucket/path`, or a folder."""
    property: str
    """The property's code."""
    work_dir: Path = Path("/work")
    """What the containers of one pod share: the dump, and what is handed to the operator."""
    tenant_dir: Path = Path("/etc/concierge/backup")
    """The tenant's YAML (`tenant.yaml`) and its own articles (`articles.yaml`)."""
    knowledge_dir: Path = Path("/etc/concierge/knowledge")
    """The ConfigMaps with articles that the YAML names, each a folder of its name."""
    passphrase: SecretStr | None = None
    """Archives are encrypted with it; absent, whoever can read them can read the guests' words."""
    retention_days: int = Field(default=30, ge=1)
    endpoint: str | None = Field(
        default=None, validation_alias=AliasChoices("AWS_ENDPOINT_URL", "CONCIERGE_BACKUP_ENDPOINT")
    )
    """URL of an S3 service; Amazon's own when absent."""
    region: str = Field(default="us-east-1", validation_alias=AliasChoices("AWS_REGION", "CONCIERGE_BACKUP_REGION"))
    access_key_id: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("AWS_ACCESS_KEY_ID", "CONCIERGE_BACKUP_ACCESS_KEY_ID")
    )
    secret_access_key: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("AWS_SECRET_ACCESS_KEY", "CONCIERGE_BACKUP_SECRET_ACCESS_KEY")
    )
    part_timeout_seconds: float = Field(default=120, gt=0)
    """How long one part may take up or down."""
    retries: int = Field(default=8, ge=0)
    """How often a part is tried again."""

    @field_validator("passphrase")
    @classmethod
    def _is_long(cls, passphrase: SecretStr | None) -> SecretStr | None:
        if passphrase is not None and len(passphrase.get_secret_value()) < SHORTEST_PASSPHRASE:
            raise ValueError(
                f"(encryption-passphrase in the Secret) must have at least {SHORTEST_PASSPHRASE} characters, such as "
                "openssl rand -base64 32 prints"
            )
        return passphrase
