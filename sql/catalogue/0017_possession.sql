-- Uploads of content that their owner has already: once it is proven that the uploader has it too, the version refers to the same object.

ALTER TABLE uploads
    -- How often a proof was given, right or wrong.
    ADD COLUMN proof_count smallint NOT NULL DEFAULT 0,
    -- The object of which the uploader has proven that he has its content.
    ADD COLUMN known_object_key text COLLATE "C";
CREATE INDEX file_versions_sha256 ON file_versions (sha256) WHERE sha256 IS NOT NULL;

-- Content of an owner in a store, by its hash. Of what very many refer to only some are looked at: then it is not found, and sent again.
CREATE FUNCTION known_content(p_owner text, p_store text, p_sha256 bytea, p_size bigint, p_count_max integer)
RETURNS TABLE (object_key text, checksum text) LANGUAGE sql STABLE AS $$
    SELECT v.object_key, v.checksum
    FROM (SELECT * FROM file_versions WHERE sha256 = p_sha256 LIMIT p_count_max) v
    JOIN entries e ON e.id = v.file_id JOIN objects o ON o.key = v.object_key
    WHERE v.size_bytes = p_size AND e.owner_id = p_owner AND o.store = p_store AND o.state = 'live' LIMIT 1
$$;

-- As before; of content that is known nothing was sent, and its object counts as every further reference does.
CREATE OR REPLACE FUNCTION commit_version_as(
    p_actor text, p_owner text, p_file text, p_is_new boolean, p_names text[], p_name_keys text[], p_parent text, p_expected integer,
    p_key text, p_size bigint, p_checksum text, p_sha256 bytea, p_content_type text, p_upload text, p_epoch bigint
) RETURNS TABLE (refusal integer, version_number integer) LANGUAGE plpgsql AS $$
DECLARE
    u uploads%ROWTYPE;
    e entries%ROWTYPE;
    lost integer;
    n integer := 1;
    taken integer;
    released bigint := 0;
    next_seq bigint;
    is_same boolean := false;
    is_known boolean := false;
    cost bigint := p_size;
BEGIN
    IF p_upload IS NOT NULL THEN
        SELECT * INTO u FROM uploads WHERE id = p_upload FOR UPDATE;
        IF FOUND AND u.state = 4 AND u.file_id = p_file THEN
            RETURN QUERY SELECT NULL::integer, u.version_number;
            RETURN;
        END IF;
        is_known := coalesce(u.known_object_key = p_key, false);
        -- A whole object needs no store call to be completed, so its session is still open here; its part must be the
        -- one that was looked at. Of content that the owner has already, nothing came.
        IF u.id IS NULL OR u.epoch <> p_epoch OR u.owner_id <> p_owner OR coalesce(u.uploader_id, u.owner_id) <> p_actor OR u.state > 3
                OR (u.state = 1 AND NOT is_known AND (u.multipart OR (p_key IS NOT NULL
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
        IF p_actor <> p_owner THEN
            -- Nobody but the owner has anything in the root.
            SELECT CASE WHEN p_parent IS NULL THEN 1 ELSE r.refusal END INTO lost FROM writing_right(p_parent, p_actor, true) r;
            IF lost IS NOT NULL THEN
                RETURN QUERY SELECT lost, NULL::integer;
                RETURN;
            END IF;
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
        IF FOUND AND p_actor <> p_owner THEN
            SELECT r.refusal INTO lost FROM writing_right(p_file, p_actor, true) r;
        END IF;
        IF lost IS NOT NULL THEN
            RETURN QUERY SELECT lost, NULL::integer;
            RETURN;
        END IF;
        IF e.id IS NULL OR e.owner_id <> p_owner OR e.kind <> 1 OR NOT entry_is_live(p_file) THEN
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
        IF is_known THEN
            cost := refer_to_object(p_owner, p_key);
            IF cost IS NULL THEN
                RAISE EXCEPTION 'the content is gone' USING ERRCODE = 'GV001';
            END IF;
        ELSIF p_key IS NOT NULL THEN
            UPDATE objects SET state = 'live', size_bytes = p_size, sha256 = p_sha256, intent_deadline = NULL, store_upload_id = NULL
            WHERE key = p_key AND coalesce(state, '') = 'intended';
            IF NOT FOUND THEN
                -- The sweeper was faster: the writer took longer than any store call may.
                RAISE EXCEPTION 'object is no longer intended' USING ERRCODE = CASE WHEN p_upload IS NULL THEN 'GV016' ELSE 'GV005' END;
            END IF;
        END IF;
        INSERT INTO file_versions (file_id, number, object_key, size_bytes, content_type, checksum, sha256, made_by)
        VALUES (p_file, n, p_key, p_size, p_content_type, p_checksum, p_sha256, p_actor);
    END IF;

    IF p_upload IS NOT NULL THEN
        UPDATE uploads SET state = 4, version_number = n, reserved_bytes = 0, size_bytes = p_size, ended_at = now(), touched_at = now()
        WHERE id = p_upload;
        IF u.attempt_count > 1 OR is_same OR is_known THEN
            UPDATE objects SET state = 'garbage', garbage_at = now(), intent_deadline = NULL
            WHERE upload_id = p_upload AND coalesce(state, '') = 'intended';
        END IF;
    END IF;

    IF is_same THEN
        UPDATE users SET reserved_bytes = reserved_bytes - released WHERE id = p_owner AND released > 0;
        RETURN QUERY SELECT NULL::integer, n;
        RETURN;
    END IF;
    UPDATE users SET used_bytes = used_bytes + cost, reserved_bytes = reserved_bytes - released, change_seq = change_seq + 1
    WHERE id = p_owner AND (cost <= released OR used_bytes + reserved_bytes - released + cost <= quota_bytes)
    RETURNING change_seq INTO next_seq;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'quota exceeded' USING ERRCODE = 'GV010';
    END IF;
    INSERT INTO changes (owner_id, seq, entry_id, kind) VALUES (p_owner, next_seq, p_file, CASE WHEN p_is_new THEN 1 ELSE 2 END);
    RETURN QUERY SELECT NULL::integer, n;
END $$;
