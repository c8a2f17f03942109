"""What PostgreSQL's own tools do in a backup's and a restore's pod: two small POSIX shell scripts.

Both find the database in DATABASE_URL and what the pod's containers share in CONCIERGE_BACKUP_WORK_DIR.
"""

from __future__ import annotations

from typing import Final

# SQLAlchemy's way of naming a driver (postgresql+psycopg://) is unknown to PostgreSQL's tools.
_BEGIN = """\
set -eu
umask 077
cd "$CONCIERGE_BACKUP_WORK_DIR"
url=$(printf %s "$DATABASE_URL" | sed 's|^postgres[a-z]*+[a-z0-9]*://|postgresql://|')
"""

DUMP: Final = (
    _BEGIN
    + """\
pg_dump --dbname="$url" --format=custom --schema=public --no-owner --no-privileges --lock-wait-timeout=60s \\
  --file=database.dump
# Reads the dump back, and says which migrations the tables have seen.
pg_restore --data-only --table=alembic_version --file=revision.sql database.dump
"""
)
"""`database.dump` and `revision.sql`, one consistent picture, taken while guests go on writing."""

# The tables of a later version must go as well, or its migrations would find them already there.
_CLEAR = """\
BEGIN;
SET LOCAL lock_timeout = '30s';
DO $clear$
DECLARE gone text;
BEGIN
  FOR gone IN
    SELECT format('DROP %s IF EXISTS %s CASCADE',
                  CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
                                 ELSE 'TABLE' END, c.oid::regclass)
      FROM pg_class c
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
       AND NOT EXISTS (SELECT FROM pg_depend d
                        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('e', 'i', 'a'))
    UNION ALL
    SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', p.oid::regprocedure)
      FROM pg_proc p
     WHERE p.pronamespace = 'public'::regnamespace
       AND NOT EXISTS (SELECT FROM pg_depend d
                        WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
    UNION ALL
    SELECT format('DROP TYPE IF EXISTS %s CASCADE', t.oid::regtype)
      FROM pg_type t
     WHERE t.typnamespace = 'public'::regnamespace AND t.typtype IN ('d', 'e')
       AND NOT EXISTS (SELECT FROM pg_depend d
                        WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
  LOOP
    EXECUTE gone;
  END LOOP;
END
$clear$;
"""

RESTORE: Final = (
    _BEGIN
    + f"""\
cat >clear.sql <<'SQL'
{_CLEAR}SQL
rm -f whole
# One transaction: the new data is there at once, or the old stays as it was. COMMIT comes only behind a whole dump.
{{
  cat clear.sql
  pg_restore --schema=public --no-owner --no-privileges --file=- database.dump && echo 'COMMIT;' && : >whole
}} | psql --dbname="$url" --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --set=VERBOSITY=terse --output=/dev/null
test -e whole
psql --dbname="$url" --no-psqlrc --quiet --command=ANALYZE
echo "The database is restored."
cat handover.json >"$CONCIERGE_BACKUP_SAYS"
"""
)
"""Replaces everything in the schema `public` by what the dump holds, or nothing."""
