#!/bin/sh
# The accounts that own no table: web, worker and scheduler take the first; figures and reports the second, which gets
# a password the day somebody needs it. What they may do is given by each migration (portal/common/database_rights.py).
# Run by the image when the base is made; by hand, as the administrator of the server:
#   DB_APPLICATION_PASSWORD=… POSTGRES_USER=postgres POSTGRES_DB=portail sh deploy/postgresql/roles.sh
set -eu
: "${DB_APPLICATION_PASSWORD:?}"
export DB_APPLICATION_PASSWORD
# The password is read from the environment: an argument would show in the list of processes (DAT-6).
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\getenv password DB_APPLICATION_PASSWORD
CREATE ROLE portail_application LOGIN PASSWORD :'password';
CREATE ROLE portail_lecture NOLOGIN;
SQL
