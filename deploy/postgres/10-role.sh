#!/usr/bin/env bash
# Run once, on an empty volume: GrainVault owns its database, and is no superuser.
set -euo pipefail
psql -v ON_ERROR_STOP=1 --no-psqlrc --username "${POSTGRES_USER:-postgres}" --dbname "$POSTGRES_DB" <<'SQL'
\getenv password GRAINVAULT_PASSWORD
CREATE ROLE grainvault LOGIN PASSWORD :'password';
ALTER DATABASE :"DBNAME" OWNER TO grainvault;
REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;
SQL
