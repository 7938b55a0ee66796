-- What a change demands of an entry: tags of its metadata ("m" and its row version) or of its current content (its checksum). And what
-- editors may not bring about by the way: names of folders that they don't see, and old versions pushed out by restoring others.

-- Row versions that satisfy the tags; NULL where none are given. Whoever compares them under a lock has compared the tags.
CREATE FUNCTION expected_row_versions(p_entry text, p_tags text[]) RETURNS bigint[] LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN p_tags IS NOT NULL THEN
        ARRAY(SELECT substr(t, 2)::bigint FROM unnest(p_tags) t WHERE t ~ '^m[0-9]{1,18}$')
        || ARRAY(SELECT e.version FROM entries e JOIN file_versions v ON v.file_id = e.id AND v.number = e.current_version
            WHERE e.id = p_entry AND v.checksum = ANY (p_tags))
    END;
$$;

-- As before; what stands in a folder of the trash is there already, and would stay there when the folder comes back.
CREATE OR REPLACE FUNCTION trash_entry(p_owner text, p_entry text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    e entries%ROWTYPE;
    next_seq bigint;
BEGIN
    SELECT * INTO e FROM entries WHERE id = p_entry AND owner_id = p_owner FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 1;
    END IF;
    IF e.deleted_at IS NOT NULL THEN
        RETURN NULL;
    END IF;
    IF NOT entry_is_live(p_entry) THEN
        RETURN 23;
    END IF;
    UPDATE entries SET deleted_at = now(), version = version + 1 WHERE id = p_entry;
    UPDATE users SET change_seq = change_seq + 1 WHERE id = p_owner RETURNING change_seq INTO next_seq;
    PERFORM append_change(p_owner, next_seq, p_entry, 3);
    RETURN NULL;
END $$;

-- trash_entry of an entry that has one of the tags.
CREATE FUNCTION trash_matching(p_owner text, p_entry text, p_tags text[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    expected bigint[] := expected_row_versions(p_entry, p_tags);
    found_version bigint;
BEGIN
    SELECT version INTO found_version FROM entries WHERE id = p_entry AND owner_id = p_owner FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 1;
    END IF;
    IF NOT found_version = ANY (expected) THEN
        RETURN 11;
    END IF;
    RETURN trash_entry(p_owner, p_entry);
END $$;

-- restore_entry of an entry that has one of the tags. Looked at afterwards, when the locks are taken in their order: restoring raises the
-- row version by one.
CREATE FUNCTION restore_matching(p_owner text, p_entry text, p_names text[], p_name_keys text[], p_tags text[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    expected bigint[] := expected_row_versions(p_entry, p_tags);
    before bigint;
    later bigint;
    refusal integer;
BEGIN
    SELECT version INTO before FROM entries WHERE id = p_entry;
    refusal := restore_entry(p_owner, p_entry, p_names, p_name_keys);
    SELECT version INTO later FROM entries WHERE id = p_entry;
    IF refusal IS NULL AND (NOT before = ANY (expected) OR later > before + 1) THEN
        RAISE EXCEPTION 'the entry has another version' USING ERRCODE = 'GV011';
    END IF;
    RETURN refusal;
END $$;

-- Renames an entry for somebody who does not see its folder: under the first of the names that is free there, since a refusal would tell
-- him what else there is. Returns a refusal or NULL.
CREATE FUNCTION rename_unseen(p_owner text, p_entry text, p_names text[], p_name_keys text[], p_expected bigint[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    folder text;
    own_key text;
    i integer := 1;
BEGIN
    SELECT parent_id, name_key INTO folder, own_key FROM entries WHERE id = p_entry;
    WHILE p_name_keys[i] <> own_key AND name_is_taken(p_owner, folder, p_name_keys[i]) LOOP
        i := i + 1;
        IF i > array_length(p_names, 1) THEN
            RETURN 4;
        END IF;
    END LOOP;
    RETURN change_entry(p_owner, p_entry, p_names[i], p_name_keys[i], false, NULL, NULL, p_expected);
END $$;

-- restore_version by somebody, of a file that has one of the tags; NULL for any. Returns a refusal or NULL.
CREATE FUNCTION restore_version_as(p_actor text, p_owner text, p_file text, p_number integer, p_tags text[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    e entries%ROWTYPE;
    old file_versions%ROWTYPE;
    expected bigint[] := expected_row_versions(p_file, p_tags);
    lost integer;
BEGIN
    SELECT * INTO e FROM entries WHERE id = p_file FOR NO KEY UPDATE;
    IF NOT FOUND OR e.owner_id <> p_owner OR e.kind <> 1 OR e.purging_at IS NOT NULL THEN
        RETURN 1;
    END IF;
    IF p_actor <> p_owner THEN
        SELECT r.refusal INTO lost FROM writing_right(p_file, p_actor, true) r;
        IF lost IS NOT NULL THEN
            RETURN lost;
        END IF;
    END IF;
    SELECT * INTO old FROM file_versions WHERE file_id = p_file AND number = p_number;
    IF NOT FOUND THEN
        RETURN 1;
    END IF;
    IF NOT entry_is_live(p_file) THEN
        RETURN 23;
    END IF;
    IF NOT e.version = ANY (expected) THEN
        RETURN 11;
    END IF;
    -- The same content again is no version, and so a repeat makes none.
    IF EXISTS (SELECT 1 FROM file_versions v WHERE v.file_id = p_file AND v.number = e.current_version
            AND (v.object_key = old.object_key OR v.sha256 = old.sha256 OR v.size_bytes + old.size_bytes = 0)) THEN
        RETURN NULL;
    END IF;
    PERFORM 1 FROM objects WHERE key = old.object_key AND state = 'live' FOR SHARE;
    IF NOT FOUND AND old.object_key IS NOT NULL THEN
        RETURN 1;
    END IF;
    UPDATE file_versions SET replaced_at = now() WHERE file_id = p_file AND number = e.current_version;
    INSERT INTO file_versions (file_id, number, object_key, size_bytes, content_type, checksum, sha256, made_by)
    VALUES (p_file, e.current_version + 1, old.object_key, old.size_bytes, old.content_type, old.checksum, old.sha256, p_actor);
    UPDATE entries SET current_version = e.current_version + 1, size_bytes = old.size_bytes, content_type = old.content_type, modified_at = now(),
        version = version + 1 WHERE id = p_file;
    PERFORM note_change(p_owner, p_file, 2);
    RETURN NULL;
END $$;

-- Removes versions of a file that has more than are kept: first those whose content a newer version has too, then the oldest, so that
-- restoring in turns pushes no content out. At most p_limit. Returns how many went.
CREATE FUNCTION trim_versions(p_owner text, p_file text, p_count_max integer, p_limit integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    excess integer;
    old integer;
    gone integer := 0;
BEGIN
    PERFORM 1 FROM entries WHERE id = p_file AND owner_id = p_owner FOR NO KEY UPDATE;
    SELECT least(count(*) - p_count_max, p_limit) INTO excess FROM file_versions WHERE file_id = p_file;
    IF excess <= 0 THEN
        RETURN 0;
    END IF;
    FOR old IN
        SELECT c.number FROM (
            SELECT v.number, e.current_version, row_number() OVER (
                PARTITION BY CASE WHEN v.size_bytes = 0 THEN '' ELSE coalesce(encode(v.sha256, 'hex'), v.object_key) END ORDER BY v.number DESC) > 1 AS is_doubled
            FROM file_versions v JOIN entries e ON e.id = v.file_id WHERE v.file_id = p_file) c
        WHERE c.number <> c.current_version ORDER BY c.is_doubled DESC, c.number LIMIT excess
    LOOP
        PERFORM remove_versions(p_owner, p_file, old, false, 1);
        gone := gone + 1;
    END LOOP;
    RETURN gone;
END $$;

-- A session whose content is to come to a folder of somebody else, or whose file is gone, becomes one for a new file there: the bytes are
-- reserved with the folder's owner from then on. Returns a refusal, and whether anything has changed.
CREATE FUNCTION move_upload(p_id text, p_epoch bigint, p_actor text, p_quota bigint, p_file text, p_parent text)
RETURNS TABLE (refusal integer, is_moved boolean) LANGUAGE plpgsql AS $$
DECLARE
    u uploads%ROWTYPE;
    owner text;
BEGIN
    is_moved := false;
    SELECT * INTO u FROM uploads WHERE id = p_id FOR UPDATE;
    IF FOUND AND u.epoch = p_epoch AND (u.state = 3 OR (u.state = 1 AND u.is_new_file)) THEN
        SELECT r.refusal, r.owner INTO refusal, owner FROM writing_right(p_parent, p_actor, false) r;
        is_moved := refusal IS NULL AND (owner <> u.owner_id OR NOT u.is_new_file) AND folder_is_live(owner, p_parent);
    END IF;
    IF NOT is_moved THEN
        -- What isn't there is found not to be there by the completion, which keeps the content.
        refusal := nullif(refusal, 1);
        RETURN NEXT;
        RETURN;
    END IF;
    UPDATE uploads SET owner_id = owner, uploader_id = nullif(p_actor, owner), parent_id = p_parent, is_new_file = true, expected_version = NULL,
        file_id = CASE WHEN is_new_file THEN file_id ELSE p_file END WHERE id = p_id;
    UPDATE objects SET owner_id = owner WHERE upload_id = p_id AND owner_id <> owner;
    IF owner <> u.owner_id THEN
        PERFORM ensure_user(owner, p_quota) WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = owner);
        PERFORM 1 FROM users WHERE id IN (owner, u.owner_id) ORDER BY id FOR NO KEY UPDATE;
        UPDATE users SET reserved_bytes = reserved_bytes - u.reserved_bytes WHERE id = u.owner_id;
        UPDATE users SET reserved_bytes = reserved_bytes + u.reserved_bytes
        WHERE id = owner AND used_bytes + reserved_bytes + u.reserved_bytes <= quota_bytes;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'quota exceeded' USING ERRCODE = 'GV010';
        END IF;
    END IF;
    RETURN NEXT;
END $$;
