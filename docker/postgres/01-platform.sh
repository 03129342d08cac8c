#!/bin/sh
# Run once, by the image of PostgreSQL, on an empty volume: the role that the platform works as, and its database. No superuser, so that row-level security
# binds it; it may make the role that the engine works as.
set -eu
psql --username "$POSTGRES_USER" --set ON_ERROR_STOP=1 --set password="$PLATFORM_DATABASE_PASSWORD" <<'SQL'
create role platform login createrole password :'password';
create database platform owner platform;
SQL
