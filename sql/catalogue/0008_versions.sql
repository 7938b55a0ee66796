-- Versions: several may refer to one object, which counts once for the quota; old ones go by number and by age.

ALTER TABLE file_versions
    -- When a newer version took its place; NULL for the current one.
    ADD COLUMN replaced_at timestamptz;
UPDATE file_versions v SET replaced_at = now() FROM entries e WHERE e.id = v.file_id AND e.current_version <> v.number;
-- What lists are sorted and filtered by stands beside the name: size and media type of the current version.
ALTER TABLE entries
    ADD COLUMN size_bytes bigint NOT NULL DEFAULT 0 CHECK (size_bytes >= 0),
    ADD COLUMN content_type text NOT NULL DEFAULT '';
UPDATE entries e SET size_bytes = v.size_bytes, content_type = v.content_type FROM file_versions v WHERE v.file_id = e.id AND v.number = e.current_version;
CREATE INDEX file_versions_replaced ON file_versions (replaced_at) WHERE replaced_at IS NOT NULL;

-- As before; content that is the current one already makes no version, and what came is garbage.
CREATE OR REPLACE FUNCTION commit_version(
    p_owner text, p_file text, p_is_new boolean, p_names text[], p_name_keys text[], p_parent text, p_expected integer,
    p_key text, p_size bigint, p_checksum text, p_sha256 bytea, p_content_type text, p_upload text, p_epoch bigint
) RETURNS TABLE (refusal integer, version_number integer) LANGUAGE plpgsql AS $$
DECLARE
    u uploads%ROWTYPE;
    e entries%ROWTYPE;
    n integer := 1;
    taken integer;
    released bigint := 0;
    next_seq bigint;
    is_same boolean := false;
BEGIN
    IF p_upload IS NOT NULL THEN
        SELECT * INTO u FROM uploads WHERE id = p_upload FOR UPDATE;
        IF FOUND AND u.state = 4 AND u.file_id = p_file THEN
            RETURN QUERY SELECT NULL::integer, u.version_number;
            RETURN;
        END IF;
        -- A whole object needs no store call to be completed, so its session is still open here; its part must be the
        -- one that was looked at.
        IF u.id IS NULL OR u.epoch <> p_epoch OR u.owner_id <> p_owner OR u.state > 3 OR (u.state = 1 AND (
                u.multipart OR (p_key IS NOT NULL
                    AND NOT EXISTS (SELECT 1 FROM upload_parts p WHERE p.upload_id = p_upload AND p.object_key = p_key)))) THEN
            RETURN QUERY SELECT 5, NULL::integer;
            RETURN;
        END IF;
        released := u.reserved_bytes;
    END IF;

    IF p_is_new THEN
        IF p_parent IS NOT NULL AND NOT folder_is_live(p_owner, p_parent) THEN
            RETURN QUERY SELECT 1, NULL::integer;
            RETURN;
        END IF;
        FOR i IN 1 .. array_length(p_names, 1) LOOP
            INSERT INTO entries (id, owner_id, parent_id, kind, name, name_key, current_version, size_bytes, content_type)
            VALUES (p_file, p_owner, p_parent, 1, p_names[i], p_name_keys[i], 1, p_size, p_content_type)
            ON CONFLICT DO NOTHING RETURNING * INTO e;
            EXIT WHEN e.id IS NOT NULL;
        END LOOP;
        IF e.id IS NULL THEN
            SELECT v.number INTO taken FROM file_versions v JOIN entries x ON x.id = v.file_id
            WHERE v.file_id = p_file AND x.owner_id = p_owner AND v.number = 1;
            RETURN QUERY SELECT CASE WHEN taken IS NULL THEN 4 END, taken;
            RETURN;
        END IF;
    ELSE
        SELECT * INTO e FROM entries WHERE id = p_file FOR NO KEY UPDATE;
        IF NOT FOUND OR e.owner_id <> p_owner OR e.kind <> 1 OR NOT entry_is_live(p_file) THEN
            RETURN QUERY SELECT 1, NULL::integer;
            RETURN;
        END IF;
        IF p_expected IS NOT NULL AND e.current_version <> p_expected THEN
            RETURN QUERY SELECT 11, NULL::integer;
            RETURN;
        END IF;
        n := e.current_version;
        SELECT coalesce(v.sha256 = p_sha256 AND v.size_bytes = p_size, false) INTO is_same FROM file_versions v WHERE v.file_id = p_file AND v.number = n;
        is_same := coalesce(is_same, false);
        IF NOT is_same THEN
            UPDATE file_versions v SET replaced_at = now() WHERE v.file_id = p_file AND v.number = n;
            n := n + 1;
            UPDATE entries SET current_version = n, size_bytes = p_size, content_type = p_content_type, modified_at = now(), version = version + 1
            WHERE id = p_file;
        END IF;
    END IF;

    IF is_same THEN
        UPDATE objects SET state = 'garbage', garbage_at = now(), intent_deadline = NULL WHERE key = p_key AND coalesce(state, '') = 'intended';
    ELSE
        IF p_key IS NOT NULL THEN
            UPDATE objects SET state = 'live', size_bytes = p_size, sha256 = p_sha256, intent_deadline = NULL, store_upload_id = NULL
            WHERE key = p_key AND coalesce(state, '') = 'intended';
            IF NOT FOUND THEN
                -- The sweeper was faster: the writer took longer than any store call may.
                RAISE EXCEPTION 'object is no longer intended' USING ERRCODE = CASE WHEN p_upload IS NULL THEN 'GV016' ELSE 'GV005' END;
            END IF;
        END IF;
        INSERT INTO file_versions (file_id, number, object_key, size_bytes, content_type, checksum, sha256)
        VALUES (p_file, n, p_key, p_size, p_content_type, p_checksum, p_sha256);
    END IF;

    IF p_upload IS NOT NULL THEN
        UPDATE uploads SET state = 4, version_number = n, reserved_bytes = 0, size_bytes = p_size, ended_at = now(), touched_at = now()
        WHERE id = p_upload;
        IF u.attempt_count > 1 OR is_same THEN
            UPDATE objects SET state = 'garbage', garbage_at = now(), intent_deadline = NULL
            WHERE upload_id = p_upload AND coalesce(state, '') = 'intended';
        END IF;
    END IF;

    IF is_same THEN
        UPDATE users SET reserved_bytes = reserved_bytes - released WHERE id = p_owner AND released > 0;
        RETURN QUERY SELECT NULL::integer, n;
        RETURN;
    END IF;
    UPDATE users SET used_bytes = used_bytes + p_size, reserved_bytes = reserved_bytes - released, change_seq = change_seq + 1
    WHERE id = p_owner AND (p_size <= released OR used_bytes + reserved_bytes - released + p_size <= quota_bytes)
    RETURNING change_seq INTO next_seq;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'quota exceeded' USING ERRCODE = 'GV010';
    END IF;
    INSERT INTO changes (owner_id, seq, entry_id, kind) VALUES (p_owner, next_seq, p_file, CASE WHEN p_is_new THEN 1 ELSE 2 END);
    RETURN QUERY SELECT NULL::integer, n;
END $$;

-- As before; an object counts as long as any version refers to it.
CREATE OR REPLACE FUNCTION purge_entry(p_owner text, p_entry text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    freed bigint;
    keys text[];
    next_seq bigint;
BEGIN
    PERFORM 1 FROM entries WHERE id = p_entry AND owner_id = p_owner FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 1;
    END IF;
    IF EXISTS (SELECT 1 FROM entries WHERE parent_id = p_entry) THEN
        RETURN 3;
    END IF;
    SELECT array_agg(object_key) INTO keys FROM file_versions WHERE file_id = p_entry AND object_key IS NOT NULL;
    DELETE FROM file_versions WHERE file_id = p_entry;
    DELETE FROM entries WHERE id = p_entry;
    freed := drop_objects(keys);
    UPDATE users SET used_bytes = used_bytes - freed, change_seq = change_seq + 1 WHERE id = p_owner RETURNING change_seq INTO next_seq;
    PERFORM append_change(p_owner, next_seq, p_entry, 5);
    RETURN NULL;
END $$;

-- Makes the content of an older version the current one: a new version that refers to the same object. Returns a refusal or NULL.
CREATE FUNCTION restore_version(p_owner text, p_file text, p_number integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    e entries%ROWTYPE;
    old file_versions%ROWTYPE;
BEGIN
    SELECT * INTO e FROM entries WHERE id = p_file FOR NO KEY UPDATE;
    IF NOT FOUND OR e.owner_id <> p_owner OR e.kind <> 1 OR e.purging_at IS NOT NULL THEN
        RETURN 1;
    END IF;
    SELECT * INTO old FROM file_versions WHERE file_id = p_file AND number = p_number;
    IF NOT FOUND THEN
        RETURN 1;
    END IF;
    IF NOT entry_is_live(p_file) THEN
        RETURN 23;
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
    INSERT INTO file_versions (file_id, number, object_key, size_bytes, content_type, checksum, sha256)
    VALUES (p_file, e.current_version + 1, old.object_key, old.size_bytes, old.content_type, old.checksum, old.sha256);
    UPDATE entries SET current_version = e.current_version + 1, size_bytes = old.size_bytes, content_type = old.content_type, modified_at = now(),
        version = version + 1 WHERE id = p_file;
    PERFORM note_change(p_owner, p_file, 2);
    RETURN NULL;
END $$;

-- Removes versions that are not current: one by its number, or the oldest up to it, at most p_limit. Returns a refusal or NULL.
CREATE FUNCTION remove_versions(p_owner text, p_file text, p_number integer, p_and_older boolean, p_limit integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    e entries%ROWTYPE;
    keys text[];
    numbers integer[];
    freed bigint;
    next_seq bigint;
BEGIN
    SELECT * INTO e FROM entries WHERE id = p_file FOR NO KEY UPDATE;
    IF NOT FOUND OR e.owner_id <> p_owner OR e.kind <> 1 OR e.purging_at IS NOT NULL THEN
        RETURN 1;
    END IF;
    IF e.current_version = p_number THEN
        RETURN 24;
    END IF;
    SELECT array_agg(number), array_agg(object_key) FILTER (WHERE object_key IS NOT NULL) INTO numbers, keys FROM (
        SELECT number, object_key FROM file_versions
        WHERE file_id = p_file AND number <= p_number AND number < e.current_version AND (p_and_older OR number = p_number)
        ORDER BY number LIMIT p_limit) old;
    IF numbers IS NULL THEN
        RETURN CASE WHEN p_and_older THEN NULL ELSE 1 END;
    END IF;
    DELETE FROM file_versions WHERE file_id = p_file AND number = ANY (numbers);
    freed := drop_objects(keys);
    UPDATE users SET used_bytes = used_bytes - freed, change_seq = change_seq + 1 WHERE id = p_owner RETURNING change_seq INTO next_seq;
    PERFORM append_change(p_owner, next_seq, p_file, 2);
    RETURN NULL;
END $$;

-- As before, but for a version conflict that may end in a copy beside the file.
CREATE OR REPLACE FUNCTION create_upload(
    p_id text, p_owner text, p_quota bigint, p_mode integer, p_file text, p_is_new boolean, p_expected integer,
    p_name text, p_name_key text, p_parent text, p_on_conflict integer, p_content_type text, p_size bigint,
    p_part_size bigint, p_part_count integer, p_multipart boolean, p_sha256 bytea, p_key text, p_store text,
    p_lifetime interval, p_intent_slack interval
) RETURNS TABLE (refusal integer, expires timestamptz, file_name text) LANGUAGE plpgsql AS $$
DECLARE
    e entries%ROWTYPE;
    wanted text := p_name;
    wanted_key text := p_name_key;
BEGIN
    IF EXISTS (SELECT 1 FROM uploads WHERE id = p_id) THEN
        RETURN QUERY SELECT 0, NULL::timestamptz, NULL::text;
        RETURN;
    END IF;
    IF p_is_new THEN
        IF p_parent IS NOT NULL AND NOT folder_is_live(p_owner, p_parent) THEN
            RETURN QUERY SELECT 1, NULL::timestamptz, NULL::text;
            RETURN;
        END IF;
        IF p_on_conflict = 1 AND name_is_taken(p_owner, p_parent, p_name_key) THEN
            RETURN QUERY SELECT 4, NULL::timestamptz, NULL::text;
            RETURN;
        END IF;
    ELSE
        SELECT * INTO e FROM entries WHERE id = p_file;
        IF NOT FOUND OR e.owner_id <> p_owner OR e.kind <> 1 OR NOT entry_is_live(p_file) THEN
            RETURN QUERY SELECT 1, NULL::timestamptz, NULL::text;
            RETURN;
        END IF;
        IF p_on_conflict = 1 AND e.current_version <> p_expected THEN
            RETURN QUERY SELECT 11, NULL::timestamptz, NULL::text;
            RETURN;
        END IF;
        wanted := e.name;
        wanted_key := e.name_key;
    END IF;
    PERFORM ensure_user(p_owner, p_quota) WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = p_owner);
    IF p_key IS NOT NULL THEN
        INSERT INTO objects (key, store, owner_id, state, multipart, upload_id, intent_deadline)
        VALUES (p_key, p_store, p_owner, 'intended', p_multipart, p_id, now() + p_lifetime + p_intent_slack);
    END IF;
    INSERT INTO uploads (id, owner_id, mode, file_id, is_new_file, expected_version, name, name_key, parent_id, on_conflict,
        content_type, size_bytes, part_size_bytes, part_count, multipart, declared_sha256, reserved_bytes, store, object_key, expires_at)
    VALUES (p_id, p_owner, p_mode, p_file, p_is_new, p_expected, wanted, wanted_key, p_parent, p_on_conflict,
        p_content_type, p_size, p_part_size, p_part_count, p_multipart, p_sha256, coalesce(p_size, 0), p_store, p_key, now() + p_lifetime);
    UPDATE users SET reserved_bytes = reserved_bytes + coalesce(p_size, 0)
    WHERE id = p_owner AND used_bytes + reserved_bytes + coalesce(p_size, 0) <= quota_bytes;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'quota exceeded' USING ERRCODE = 'GV010';
    END IF;
    RETURN QUERY SELECT NULL::integer, now() + p_lifetime, wanted;
END $$;

-- An upload to a file that got another version meanwhile becomes a file of its own in the same folder, which is returned. No row: the
-- session is not of this epoch any more, or the file is gone.
CREATE FUNCTION turn_into_copy(p_id text, p_epoch bigint, p_copy text, p_name text, p_name_key text) RETURNS TABLE (folder text) LANGUAGE sql AS $$
    UPDATE uploads u SET file_id = p_copy, is_new_file = true, expected_version = NULL, name = p_name, name_key = p_name_key, parent_id = e.parent_id
    FROM entries e
    WHERE u.id = p_id AND u.epoch = p_epoch AND coalesce(u.state, 0) <= 3 AND NOT u.is_new_file AND e.id = u.file_id
    RETURNING u.parent_id;
$$;

CREATE INDEX entries_trashed_at ON entries (deleted_at) WHERE deleted_at IS NOT NULL;

-- Begins to remove for good what has been in the trash since p_trashed_at; of a folder it marks only that. Returns a refusal or NULL.
CREATE FUNCTION expire_trash(p_owner text, p_entry text, p_is_folder boolean, p_trashed_at timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    IF p_is_folder THEN
        PERFORM lock_folders(p_owner);
    END IF;
    PERFORM 1 FROM entries WHERE id = p_entry AND owner_id = p_owner AND coalesce(deleted_at, 'infinity') = p_trashed_at FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 1;
    END IF;
    IF NOT p_is_folder THEN
        RETURN purge_entry(p_owner, p_entry);
    END IF;
    UPDATE entries SET purging_at = coalesce(purging_at, now()), version = version + 1 WHERE id = p_entry;
    RETURN NULL;
END $$;
