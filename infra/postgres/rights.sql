-- What each may do with the hub's tables, once they are there. Run by the migrator, again after each change of tables.

\set ON_ERROR_STOP on
BEGIN;
SET LOCAL ROLE sightline_owner;

-- ------------------------------------------------------------------------------------------------------------- the hub
-- Rows of every table; no table, and no trigger. TRUNCATE and REFERENCES stay with the owner.
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, sightline_hub, sightline_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO sightline_hub;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO sightline_hub;

-- ----------------------------------------------------------------------------------------------------------- the logs
-- What was said (ledger_events), what was shown (leaves) and what decided it (policies) is added to, and never changed: by
-- nobody, the owner too.
-- The hub keeps UPDATE on them, because the library locks the ledger's table, which takes more than INSERT; the
-- trigger stands before it. Who would get past it must first, as the owner, take it away.
CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'append_only: % of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;

DO $$
DECLARE
    log text;
BEGIN
    FOREACH log IN ARRAY ARRAY['ledger_events', 'leaves', 'policies'] LOOP
        EXECUTE format('DROP TRIGGER IF EXISTS append_only ON %I', log);
        EXECUTE format(
            'CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I'
            ' FOR EACH STATEMENT EXECUTE FUNCTION append_only()', log
        );
        -- ALWAYS: also where a session says that it is replaying another server's changes.
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only', log);
    END LOOP;
END
$$;
REVOKE DELETE ON ledger_events, leaves, policies FROM sightline_hub;

-- ---------------------------------------------------------------------------------------------------------- the desks
-- The tables whose rows belong to one desk. A reader sees those of the desk that its transaction names; of none if it
-- names none (an unset setting is NULL, one set in an earlier transaction is empty, and no desk is called either).
--
-- A desk's leaves are all there, also those of which it may be told nothing: if only they were hidden, an earlier
-- leaf that shows more would look like the last. Reading decides that (view/reading.py); the database keeps desks apart.
DO $$
DECLARE
    rows_of text;
BEGIN
    FOREACH rows_of IN ARRAY ARRAY['leaves', 'feed', 'feed_heads', 'receipts', 'notices'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', rows_of);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', rows_of);
        EXECUTE format('DROP POLICY IF EXISTS hub ON %I', rows_of);
        EXECUTE format('CREATE POLICY hub ON %I TO sightline_hub USING (true) WITH CHECK (true)', rows_of);
        EXECUTE format('DROP POLICY IF EXISTS desk ON %I', rows_of);
        EXECUTE format(
            'CREATE POLICY desk ON %I FOR SELECT TO sightline_reader'
            ' USING (desk = NULLIF(current_setting(''sightline.desk'', true), ''''))', rows_of
        );
        EXECUTE format('GRANT SELECT ON %I TO sightline_reader', rows_of);
    END LOOP;
END
$$;

-- An item's fold names its type and its place in the ledger: for a desk only if the item was decided for it. The query
-- within sees that desk's leaves alone, since the reader's policy holds there too.
ALTER TABLE item_folds ENABLE ROW LEVEL SECURITY;
ALTER TABLE item_folds FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS hub ON item_folds;
CREATE POLICY hub ON item_folds TO sightline_hub USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS desk ON item_folds;
CREATE POLICY desk ON item_folds FOR SELECT TO sightline_reader
    USING (EXISTS (SELECT FROM leaves WHERE leaves.item = item_folds.position));
GRANT SELECT ON item_folds TO sightline_reader;

-- How far the register is signed: the same for everybody, and about nobody.
GRANT SELECT ON register_head TO sightline_reader;
COMMIT;
