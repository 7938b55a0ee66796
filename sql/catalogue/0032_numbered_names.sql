-- Takes an entry out of the trash under the first name that is free; a name that is taken meanwhile counts as taken, not as the end of the names.
-- Returns a refusal or NULL.
CREATE OR REPLACE FUNCTION restore_entry(p_owner text, p_entry text, p_names text[], p_name_keys text[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    e entries%ROWTYPE;
    parent text;
    kept text;
    rule text;
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
    IF NOT FOUND OR e.owner_id <> p_owner OR e.purging_at IS NOT NULL OR entry_is_purged(p_entry) THEN
        RETURN 1;
    END IF;
    IF e.parent_id IS DISTINCT FROM parent THEN
        RAISE EXCEPTION 'the entry was moved meanwhile' USING ERRCODE = 'serialization_failure';
    END IF;
    IF e.deleted_at IS NULL AND kept IS NOT DISTINCT FROM parent THEN
        RETURN NULL;
    END IF;
    FOR i IN 1 .. cardinality(p_names) LOOP
        CONTINUE WHEN name_is_taken(p_owner, kept, p_name_keys[i]);
        BEGIN
            UPDATE entries SET deleted_at = NULL, parent_id = kept, name = p_names[i], name_key = p_name_keys[i], version = version + 1 WHERE id = p_entry;
            PERFORM note_change(p_owner, p_entry, 4);
            RETURN NULL;
        EXCEPTION WHEN unique_violation THEN
            -- Somebody has taken the name since it was looked at: the next one.
            GET STACKED DIAGNOSTICS rule = CONSTRAINT_NAME;
            IF rule <> 'entries_live_name' THEN
                RAISE;
            END IF;
        END;
    END LOOP;
    RETURN 4;
END $$;

-- Renames for somebody who does not see the folder, under the first name that is free, in the same way. Returns a refusal or NULL.
CREATE OR REPLACE FUNCTION rename_unseen(p_owner text, p_entry text, p_names text[], p_name_keys text[], p_expected bigint[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    folder text;
    own_key text;
    rule text;
BEGIN
    SELECT parent_id, name_key INTO folder, own_key FROM entries WHERE id = p_entry;
    FOR i IN 1 .. cardinality(p_names) LOOP
        CONTINUE WHEN p_name_keys[i] <> own_key AND name_is_taken(p_owner, folder, p_name_keys[i]);
        BEGIN
            RETURN change_entry(p_owner, p_entry, p_names[i], p_name_keys[i], false, NULL, NULL, p_expected);
        EXCEPTION WHEN unique_violation THEN
            GET STACKED DIAGNOSTICS rule = CONSTRAINT_NAME;
            IF rule <> 'entries_live_name' THEN
                RAISE;
            END IF;
        END;
    END LOOP;
    RETURN 4;
END $$;
