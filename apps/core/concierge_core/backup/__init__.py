"""Backups: one archive holds a property's database, its encryption keys and its YAML. `docs/backup.md` tells how.

The dump is made and read by PostgreSQL's own tools, in containers of their image; what is here stores, finds, checks
and unpacks archives, and runs as `concierge-backup` in the apps' image.
"""
