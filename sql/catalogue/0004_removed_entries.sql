-- An entry that was removed for good never comes back: a command that made it may be repeated, or arrive when whoever sent it has long
-- given up, as after a partition. Remembered as long as ended sessions are.
CREATE TABLE removed_entries (
    id         text COLLATE "C" PRIMARY KEY,
    removed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX removed_entries_age ON removed_entries (removed_at);

-- With the search path of now: whoever changes entries by hand need not have it.
CREATE FUNCTION remember_removed_entries() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO removed_entries (id) SELECT id FROM removed ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER entries_removed AFTER DELETE ON entries REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION remember_removed_entries();

-- After the insert, which waits for a removal that is under way: only then is it certain to be seen.
CREATE FUNCTION refuse_removed_entries() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added a JOIN removed_entries r ON r.id = a.id) THEN
        RAISE EXCEPTION 'the entry was removed for good' USING ERRCODE = 'GV001';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER entries_not_again AFTER INSERT ON entries REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_removed_entries();
