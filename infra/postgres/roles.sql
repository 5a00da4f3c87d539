-- Who there is in a hub's database. Run by the cluster's administrator, in that database, as often as one likes.
--
--   sightline_owner     nobody: owns the tables. Not to be logged in as.
--   sightline_migrator  makes and changes tables, as the owner. Reads no desk's rows: their policies bind it too.
--   sightline_hub       the hub and its workers: read and write rows; make no table, and change nothing in a log.
--   sightline_reader    reads for one desk at a time, and of that desk's rows only: SET LOCAL sightline.desk = '...'.
--
-- Their passwords are set apart from this file, by infra/postgres/secure.

DO $$
DECLARE
    role text;
BEGIN
    -- One at a time: roles belong to the cluster, and two hubs may be made in it at once.
    PERFORM pg_advisory_xact_lock(7396108);
    FOREACH role IN ARRAY ARRAY['sightline_owner', 'sightline_migrator', 'sightline_hub', 'sightline_reader'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I', role);
        END IF;
    END LOOP;
END
$$;

ALTER ROLE sightline_owner NOLOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
ALTER ROLE sightline_migrator LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
ALTER ROLE sightline_hub LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
ALTER ROLE sightline_reader LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
GRANT sightline_owner TO sightline_migrator;
-- What the migrator makes belongs to the owner, so that another migrator can change it.
ALTER ROLE sightline_migrator SET role = 'sightline_owner';
-- Whatever a reader forgets, it only reads.
ALTER ROLE sightline_reader SET default_transaction_read_only = on;

DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format(
        'GRANT CONNECT ON DATABASE %I TO sightline_migrator, sightline_hub, sightline_reader', current_database()
    );
    EXECUTE format('GRANT CREATE, CONNECT, TEMPORARY ON DATABASE %I TO sightline_owner', current_database());
END
$$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER SCHEMA public OWNER TO sightline_owner;
GRANT USAGE ON SCHEMA public TO sightline_hub, sightline_reader;

-- What was made before there were roles becomes the owner's.
DO $$
DECLARE
    made regclass;
BEGIN
    FOR made IN
        SELECT oid::regclass FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
            AND relowner <> 'sightline_owner'::regrole
            -- A sequence of a column goes with its table.
            AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype IN ('a', 'i') AND relkind = 'S')
    LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO sightline_owner', made);
    END LOOP;
END
$$;
