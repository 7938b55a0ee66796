-- Commands on files. A function returns a refusal (a RefusalReason value) as long as it has written nothing; afterwards
-- it raises SQLSTATE GV<reason>, which undoes the transaction. Rows are locked in one order everywhere: upload, entry,
-- object, user. The user's row comes last, so that commits of one user overlap but for their end.
--
-- A row is found by its key alone, and its state is compared afterwards or inside of coalesce(): a partial index on that
-- state is tiny when a session's plans are made, so the planner would take it, and scan it when it is long.

CREATE FUNCTION ensure_user(p_user text, p_quota bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO users (id, quota_bytes) VALUES (p_user, p_quota) ON CONFLICT DO NOTHING;
$$;

-- True when the folder and all folders above it are live and the owner's. The folder stays so until the transaction ends.
CREATE FUNCTION folder_is_live(p_owner text, p_folder text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    e entries%ROWTYPE;
    depth integer := 0;
BEGIN
    SELECT * INTO e FROM entries WHERE id = p_folder FOR SHARE;
    IF NOT FOUND OR e.owner_id <> p_owner OR e.kind <> 2 OR e.deleted_at IS NOT NULL THEN
        RETURN false;
    END IF;
    WHILE e.parent_id IS NOT NULL LOOP
        depth := depth + 1;
        SELECT * INTO e FROM entries WHERE id = e.parent_id;
        IF NOT FOUND OR e.deleted_at IS NOT NULL OR depth > 100 THEN
            RETURN false;
        END IF;
    END LOOP;
    RETURN true;
END $$;

-- True when nothing on the way from the entry to the root is in the trash.
CREATE FUNCTION entry_is_live(p_entry text) RETURNS boolean LANGUAGE sql STABLE AS $$
    WITH RECURSIVE way AS (
        SELECT id, parent_id, deleted_at, 1 AS depth FROM entries WHERE id = p_entry
        UNION ALL
        SELECT e.id, e.parent_id, e.deleted_at, w.depth + 1 FROM way w JOIN entries e ON e.id = w.parent_id WHERE w.depth <= 100
    )
    SELECT coalesce(bool_and(deleted_at IS NULL), false) FROM way;
$$;

CREATE FUNCTION name_is_taken(p_owner text, p_parent text, p_name_key text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    -- Two forms, since IS NOT DISTINCT FROM can't use the index. The order is that of the one index that finds the name at
    -- once; another one with the owner in front would do as well for a planner that has only seen an empty table.
    IF p_parent IS NULL THEN
        PERFORM 1 FROM entries WHERE owner_id = p_owner AND parent_id IS NULL AND name_key = p_name_key AND deleted_at IS NULL
        ORDER BY parent_id, name_key LIMIT 1;
    ELSE
        PERFORM 1 FROM entries WHERE owner_id = p_owner AND parent_id = p_parent AND name_key = p_name_key AND deleted_at IS NULL
        ORDER BY parent_id, name_key LIMIT 1;
    END IF;
    RETURN FOUND;
END $$;

-- Appends to the owner's change feed. The number comes from the row that the caller has just updated, and so locked.
CREATE FUNCTION append_change(p_owner text, p_seq bigint, p_entry text, p_kind integer) RETURNS void LANGUAGE sql AS $$
    INSERT INTO changes (owner_id, seq, entry_id, kind) VALUES (p_owner, p_seq, p_entry, p_kind);
$$;

-- The intent of a one-request upload: everything that can be refused is refused before the store is asked.
-- Returns NULL to go on, 0 when the file exists already (a repeat), or a refusal.
CREATE FUNCTION intend_file(
    p_owner text, p_quota bigint, p_file text, p_parent text, p_name_key text, p_may_rename boolean,
    p_size bigint, p_key text, p_store text, p_sha256 bytea, p_lives interval
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    owner text;
BEGIN
    SELECT owner_id INTO owner FROM entries WHERE id = p_file;
    IF FOUND THEN
        RETURN CASE WHEN owner = p_owner THEN 0 ELSE 1 END;
    END IF;
    IF p_parent IS NOT NULL AND NOT folder_is_live(p_owner, p_parent) THEN
        RETURN 1;
    END IF;
    IF NOT p_may_rename AND name_is_taken(p_owner, p_parent, p_name_key) THEN
        RETURN 4;
    END IF;
    PERFORM 1 FROM users WHERE id = p_owner AND used_bytes + reserved_bytes + p_size <= quota_bytes;
    IF NOT FOUND THEN
        IF EXISTS (SELECT 1 FROM users WHERE id = p_owner) OR p_size > p_quota THEN
            RETURN 10;
        END IF;
        PERFORM ensure_user(p_owner, p_quota);
    END IF;
    IF p_key IS NOT NULL THEN
        INSERT INTO objects (key, store, owner_id, state, size_bytes, sha256, intent_deadline)
        VALUES (p_key, p_store, p_owner, 'intended', p_size, p_sha256, now() + p_lives);
    END IF;
    RETURN NULL;
END $$;

-- Makes stored content a version, in one transaction with name, ledger, session, quota and change feed.
-- p_names: the wanted name, then the ones to try when it is taken.
CREATE FUNCTION commit_version(
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
            INSERT INTO entries (id, owner_id, parent_id, kind, name, name_key, current_version)
            VALUES (p_file, p_owner, p_parent, 1, p_names[i], p_name_keys[i], 1)
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
        IF NOT FOUND OR e.owner_id <> p_owner OR e.kind <> 1 OR e.deleted_at IS NOT NULL THEN
            RETURN QUERY SELECT 1, NULL::integer;
            RETURN;
        END IF;
        IF p_expected IS NOT NULL AND e.current_version <> p_expected THEN
            RETURN QUERY SELECT 11, NULL::integer;
            RETURN;
        END IF;
        SELECT max(v.number) + 1 INTO n FROM file_versions v WHERE v.file_id = p_file;
        UPDATE entries SET current_version = n, modified_at = now(), version = version + 1 WHERE id = p_file;
    END IF;

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

    IF p_upload IS NOT NULL THEN
        UPDATE uploads SET state = 4, version_number = n, reserved_bytes = 0, size_bytes = p_size, ended_at = now(), touched_at = now()
        WHERE id = p_upload;
        IF u.attempt_count > 1 THEN
            UPDATE objects SET state = 'garbage', garbage_at = now(), intent_deadline = NULL
            WHERE upload_id = p_upload AND coalesce(state, '') = 'intended';
        END IF;
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

-- Moves an entry to the trash. Returns a refusal or NULL; a repeat changes nothing.
CREATE FUNCTION trash_entry(p_owner text, p_entry text) RETURNS integer LANGUAGE plpgsql AS $$
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
    UPDATE entries SET deleted_at = now(), version = version + 1 WHERE id = p_entry;
    UPDATE users SET change_seq = change_seq + 1 WHERE id = p_owner RETURNING change_seq INTO next_seq;
    PERFORM append_change(p_owner, next_seq, p_entry, 3);
    RETURN NULL;
END $$;

-- Removes an entry with all its versions and gives their bytes back. Returns a refusal or NULL.
CREATE FUNCTION purge_entry(p_owner text, p_entry text) RETURNS integer LANGUAGE plpgsql AS $$
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
    SELECT coalesce(sum(size_bytes), 0), array_agg(object_key ORDER BY object_key) FILTER (WHERE object_key IS NOT NULL)
    INTO freed, keys FROM file_versions WHERE file_id = p_entry;
    -- Whoever adds a reference holds the object FOR SHARE; with this lock no new one can come, then references are counted.
    PERFORM 1 FROM objects WHERE key = ANY (keys) ORDER BY key FOR UPDATE;
    DELETE FROM file_versions WHERE file_id = p_entry;
    DELETE FROM entries WHERE id = p_entry;
    UPDATE objects SET state = 'garbage', garbage_at = now()
    WHERE key = ANY (keys) AND state = 'live' AND NOT EXISTS (SELECT 1 FROM file_versions v WHERE v.object_key = objects.key);
    UPDATE users SET used_bytes = used_bytes - freed, change_seq = change_seq + 1 WHERE id = p_owner RETURNING change_seq INTO next_seq;
    PERFORM append_change(p_owner, next_seq, p_entry, 5);
    RETURN NULL;
END $$;
