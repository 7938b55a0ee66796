-- Commands on upload sessions; the same conventions as those on files.

-- Creates a session: its quota is reserved and its first key intended in the same transaction.
-- Returns NULL when made, 0 when it exists already (a repeat), or a refusal.
CREATE FUNCTION create_upload(
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
        IF NOT FOUND OR e.owner_id <> p_owner OR e.kind <> 1 OR e.deleted_at IS NOT NULL THEN
            RETURN QUERY SELECT 1, NULL::timestamptz, NULL::text;
            RETURN;
        END IF;
        IF p_expected IS NOT NULL AND e.current_version <> p_expected THEN
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

-- Acknowledges a part of a session whose size is not known, and reserves quota for it. False: the session is not open
-- in this epoch any more.
CREATE FUNCTION acknowledge_growing_part(
    p_id text, p_epoch bigint, p_number integer, p_size bigint, p_etag text, p_sha256 bytea
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    owner text;
    grown bigint;
BEGIN
    SELECT owner_id INTO owner FROM uploads WHERE id = p_id AND coalesce(state, 0) = 1 AND epoch = p_epoch FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    SELECT p_size - coalesce(sum(size_bytes), 0) INTO grown FROM upload_parts WHERE upload_id = p_id AND number = p_number;
    INSERT INTO upload_parts (upload_id, number, size_bytes, etag, sha256) VALUES (p_id, p_number, p_size, p_etag, p_sha256)
    ON CONFLICT (upload_id, number) DO UPDATE SET size_bytes = excluded.size_bytes, etag = excluded.etag, sha256 = excluded.sha256;
    UPDATE uploads SET reserved_bytes = reserved_bytes + grown WHERE id = p_id;
    UPDATE users SET reserved_bytes = reserved_bytes + grown
    WHERE id = owner AND (grown <= 0 OR used_bytes + reserved_bytes + grown <= quota_bytes);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'quota exceeded' USING ERRCODE = 'GV010';
    END IF;
    RETURN true;
END $$;

-- open or assembled -> completing. Acknowledgements hold the row FOR SHARE, so after this no part can come any more.
-- A session of a whole object stays open: its completion is one transaction without a store call before it.
-- Returns NULL to go on or a refusal (3 the size is not known, 5 closed, 6 parts are missing, 18 the parts do not make up
-- the size).
CREATE FUNCTION begin_completion(
    p_id text, p_epoch bigint, p_size bigint, p_name text, p_name_key text, p_move boolean, p_parent text,
    p_on_conflict integer, p_sha256 bytea
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    u uploads%ROWTYPE;
    received integer;
    total bigint;
    last integer;
    regular boolean;
    whole bigint;
BEGIN
    SELECT * INTO u FROM uploads WHERE id = p_id FOR UPDATE;
    IF NOT FOUND OR u.epoch <> p_epoch OR u.state > 3 THEN
        RETURN 5;
    END IF;
    whole := coalesce(u.size_bytes, p_size);
    IF u.state = 1 THEN
        SELECT count(*), coalesce(sum(size_bytes), 0), coalesce(max(number), 0) INTO received, total, last
        FROM upload_parts WHERE upload_id = p_id;
        IF u.part_count IS NOT NULL AND received < u.part_count THEN
            RETURN 6;
        END IF;
        IF u.part_count IS NULL THEN
            SELECT coalesce(bool_and(size_bytes = u.part_size_bytes OR number = last), true) INTO regular
            FROM upload_parts WHERE upload_id = p_id;
            IF received < last OR total < whole THEN
                RETURN 6;
            END IF;
            IF NOT regular THEN
                RETURN 18;
            END IF;
        END IF;
        IF whole IS NULL THEN
            RETURN 3;
        END IF;
        IF total <> whole THEN
            RETURN 18;
        END IF;
    END IF;
    IF u.state = 1 AND NOT u.multipart THEN
        RETURN NULL;
    END IF;
    UPDATE uploads SET state = 2, touched_at = now(), size_bytes = whole, part_count = coalesce(part_count, received),
        name = coalesce(p_name, name), name_key = coalesce(p_name_key, name_key),
        parent_id = CASE WHEN p_move THEN p_parent ELSE parent_id END,
        on_conflict = coalesce(p_on_conflict, on_conflict), verified_sha256 = coalesce(p_sha256, verified_sha256)
    WHERE id = p_id;
    RETURN NULL;
END $$;

-- completing -> open (or open as before), under a new epoch, without the parts that the store does not have: all of them
-- when it lost the multipart upload itself. Returns the new epoch.
CREATE FUNCTION reopen_upload(p_id text, p_epoch bigint, p_bad integer[], p_forget_multipart boolean) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    raised bigint;
BEGIN
    UPDATE uploads SET state = 1, epoch = epoch + 1, touched_at = now(), object_made = false,
        store_upload_id = CASE WHEN p_forget_multipart THEN NULL ELSE store_upload_id END
    WHERE id = p_id AND coalesce(state, 0) IN (1, 2) AND epoch = p_epoch RETURNING epoch INTO raised;
    IF FOUND THEN
        DELETE FROM upload_parts WHERE upload_id = p_id AND (p_forget_multipart OR number = ANY (p_bad));
        IF p_forget_multipart THEN
            UPDATE objects SET store_upload_id = NULL WHERE upload_id = p_id AND coalesce(state, '') = 'intended';
        END IF;
    END IF;
    RETURN raised;
END $$;

-- Ends a session without a file: the fence first, quota and ledger with it. Returns the state that it has then, NULL when
-- there is no such session.
-- p_from_completing: the completion itself found that there can't be a file. p_if_due: only when its time is over.
CREATE FUNCTION end_upload(p_id text, p_state integer, p_failure integer, p_from_completing boolean, p_if_due boolean)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    u uploads%ROWTYPE;
BEGIN
    SELECT * INTO u FROM uploads WHERE id = p_id FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF u.state > 3 OR (u.state = 2 AND NOT p_from_completing) OR (p_if_due AND u.expires_at > now()) THEN
        RETURN u.state;
    END IF;
    UPDATE uploads SET state = p_state, failure = p_failure, reserved_bytes = 0, epoch = epoch + 1, ended_at = now(), touched_at = now()
    WHERE id = p_id;
    UPDATE objects SET state = 'garbage', garbage_at = now(), intent_deadline = NULL WHERE upload_id = p_id AND coalesce(state, '') = 'intended';
    UPDATE users SET reserved_bytes = reserved_bytes - u.reserved_bytes WHERE id = u.owner_id AND u.reserved_bytes > 0;
    RETURN p_state;
END $$;

-- Intents whose time is over become garbage, but for those that an unfinished session still needs.
CREATE FUNCTION expire_intents(p_shard integer, p_limit integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    due text[];
    changed integer;
BEGIN
    SELECT array_agg(key) INTO due FROM (
        SELECT key FROM objects
        WHERE state = 'intended' AND intent_deadline < now() AND (hashtext(key) & 15) = p_shard
        ORDER BY intent_deadline LIMIT p_limit FOR UPDATE SKIP LOCKED) due_rows;
    -- A statement of its own: it sees what was acknowledged before the locks were granted.
    UPDATE objects o SET state = 'garbage', garbage_at = now(), intent_deadline = NULL
    WHERE o.key = ANY (due) AND NOT EXISTS (
        SELECT 1 FROM uploads u WHERE u.id = o.upload_id AND u.state <= 3 AND (
            u.multipart OR EXISTS (SELECT 1 FROM upload_parts p WHERE p.upload_id = u.id AND p.object_key = o.key)));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END $$;
