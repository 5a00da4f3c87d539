-- The vault: keys of children and areas, in a database of its own, which no backup or replica of the ledger's holds.
-- Run by the cluster's administrator, in that database, as often as one likes. Its own backups are kept for days, not
-- years: a key that was destroyed is gone when the last of them is.

\set ON_ERROR_STOP on
DO $$
BEGIN
    PERFORM pg_advisory_xact_lock(7396108);
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'sightline_vault') THEN
        CREATE ROLE sightline_vault;
    END IF;
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO sightline_vault', current_database());
END
$$;

ALTER ROLE sightline_vault LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO sightline_vault;

CREATE TABLE IF NOT EXISTS keys (name TEXT COLLATE "C" PRIMARY KEY, under TEXT, wrapped BYTEA);
-- A key is put there once and destroyed once; nothing that holds this role's password can put another in its place.
REVOKE ALL ON keys FROM PUBLIC, sightline_vault;
GRANT SELECT, INSERT, DELETE ON keys TO sightline_vault;
