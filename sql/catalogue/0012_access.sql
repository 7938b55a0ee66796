-- Whoever shares by a user's id need not know the address, and does not learn it: it is shown where the share was made with it.
ALTER TABLE shares ADD COLUMN by_address boolean NOT NULL DEFAULT false;

-- set_share by somebody who gave the user's address, or not.
CREATE FUNCTION share_entry(p_owner text, p_entry text, p_user text, p_role integer, p_by_address boolean, p_count_max integer)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    refusal integer := set_share(p_owner, p_entry, p_user, p_role, p_count_max);
BEGIN
    IF refusal IS NULL AND p_by_address THEN
        UPDATE shares SET by_address = true WHERE entry_id = p_entry AND user_id = p_user AND NOT by_address;
    END IF;
    RETURN refusal;
END $$;

-- As before, but place and name change in one step: with its new name in the old folder, or with its old name where it comes to, an entry
-- may collide with what it never stands beside.
CREATE OR REPLACE FUNCTION restore_entry(p_owner text, p_entry text, p_names text[], p_name_keys text[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    e entries%ROWTYPE;
    parent text;
    kept text;
    i integer := 1;
BEGIN
    SELECT * INTO e FROM entries WHERE id = p_entry;
    IF NOT FOUND OR e.owner_id <> p_owner THEN
        RETURN 1;
    END IF;
    IF e.kind = 2 THEN
        PERFORM lock_folders(p_owner);
    END IF;
    SELECT parent_id INTO parent FROM entries WHERE id = p_entry;
    IF parent IS NOT NULL AND folder_is_live(p_owner, parent) THEN
        kept := parent;
    END IF;
    SELECT * INTO e FROM entries WHERE id = p_entry FOR NO KEY UPDATE;
    IF NOT FOUND OR e.purging_at IS NOT NULL OR entry_is_purged(p_entry) THEN
        RETURN 1;
    END IF;
    IF e.parent_id IS DISTINCT FROM parent THEN
        RAISE EXCEPTION 'the entry was moved meanwhile' USING ERRCODE = 'serialization_failure';
    END IF;
    IF e.deleted_at IS NULL AND kept IS NOT DISTINCT FROM parent THEN
        RETURN NULL;
    END IF;
    WHILE name_is_taken(p_owner, kept, p_name_keys[i]) LOOP
        i := i + 1;
        IF i > array_length(p_names, 1) THEN
            RETURN 4;
        END IF;
    END LOOP;
    UPDATE entries SET deleted_at = NULL, parent_id = kept, name = p_names[i], name_key = p_name_keys[i], version = version + 1 WHERE id = p_entry;
    PERFORM note_change(p_owner, p_entry, 4);
    RETURN NULL;
END $$;
