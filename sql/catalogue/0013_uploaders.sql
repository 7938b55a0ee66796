-- Who uploads need not be the owner: whoever may write in a shared folder, or to a shared file, makes what is its owner's, on the owner's
-- quota and in the owner's name space. The id says what kind of actor it is: u-, a user.

ALTER TABLE uploads
    -- NULL: the owner.
    ADD COLUMN uploader_id text COLLATE "C" CONSTRAINT uploads_uploader_is_another CHECK (uploader_id <> owner_id);
CREATE INDEX uploads_of_uploaders ON uploads (uploader_id, id DESC) WHERE state <= 3 AND uploader_id IS NOT NULL;
ALTER TABLE file_versions
    -- Who made the version; NULL: the owner, before anybody else could.
    ADD COLUMN made_by text COLLATE "C";

-- The entry and the folders above it, nearest first.
CREATE FUNCTION entry_way(p_entry text) RETURNS text[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    way text[] := '{}';
    here text := p_entry;
BEGIN
    WHILE here IS NOT NULL AND cardinality(way) <= folder_depth_max() LOOP
        way := way || here;
        SELECT parent_id INTO here FROM entries WHERE id = here;
    END LOOP;
    RETURN way;
END $$;

-- Whether somebody may write to an entry: versions of a file, entries in a folder. A refusal or NULL, and whose it is. p_holds: what grants
-- it stays until the transaction ends; the caller has locked the entry already, so that locks are taken in the order in which shares are
-- changed. Whether the owner's own entry is live is for the caller to look at.
CREATE FUNCTION writing_right(p_entry text, p_actor text, p_holds boolean, OUT refusal integer, OUT owner text) LANGUAGE plpgsql AS $$
DECLARE
    access record;
BEGIN
    SELECT owner_id INTO owner FROM entries WHERE id = p_entry;
    IF owner = p_actor THEN
        RETURN;
    END IF;
    IF p_holds THEN
        PERFORM 1 FROM shares WHERE user_id = p_actor AND entry_id = ANY (entry_way(p_entry)) ORDER BY entry_id FOR SHARE;
    END IF;
    -- Looked at after the lock was granted.
    SELECT * INTO access FROM entry_access(p_entry, p_actor);
    refusal := CASE WHEN coalesce(access.role, 0) = 0 THEN 1 WHEN access.role < 3 THEN 2 END;
END $$;

-- What somebody may do with an entry, and whether he sees the folder that it stands in. No row: there is no such entry.
CREATE FUNCTION entry_sight(p_entry text, p_user text) RETURNS TABLE (role integer, sees_folder boolean) LANGUAGE plpgsql STABLE AS $$
DECLARE
    folder text;
BEGIN
    SELECT a.role INTO role FROM entry_access(p_entry, p_user) a;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    sees_folder := role = 4;
    IF role BETWEEN 1 AND 3 THEN
        SELECT parent_id INTO folder FROM entries WHERE id = p_entry;
        sees_folder := coalesce((SELECT a.role > 0 FROM entry_access(folder, p_user) a), false);
    END IF;
    RETURN NEXT;
END $$;

-- The intent of a one-request upload, as intend_file, by somebody who may write in the folder. Returns what that returns, and the owner.
CREATE FUNCTION intend_file_as(
    p_actor text, p_quota bigint, p_file text, p_parent text, p_name_key text, p_may_rename boolean,
    p_size bigint, p_key text, p_store text, p_sha256 bytea, p_lives interval
) RETURNS TABLE (refusal integer, owner text) LANGUAGE plpgsql AS $$
BEGIN
    owner := p_actor;
    IF p_parent IS NOT NULL AND NOT EXISTS (SELECT 1 FROM entries WHERE id = p_file) THEN
        SELECT r.refusal, r.owner INTO refusal, owner FROM writing_right(p_parent, p_actor, false) r;
    END IF;
    IF refusal IS NULL THEN
        refusal := intend_file(owner, p_quota, p_file, p_parent, p_name_key, p_may_rename, p_size, p_key, p_store, p_sha256, p_lives);
    END IF;
    -- What an editor has made is somebody else's: a repeat of his finds it.
    IF refusal = 1 AND EXISTS (SELECT 1 FROM file_versions v WHERE v.file_id = p_file AND v.number = 1 AND v.made_by = p_actor) THEN
        refusal := 0;
    END IF;
    RETURN NEXT;
END $$;

-- Creates a session, as create_upload_in_dialect, for somebody who may write there. The owner comes with the answer.
CREATE FUNCTION open_upload(
    p_id text, p_actor text, p_quota bigint, p_mode integer, p_file text, p_is_new boolean, p_expected integer,
    p_name text, p_name_key text, p_parent text, p_on_conflict integer, p_content_type text, p_size bigint,
    p_part_size bigint, p_part_count integer, p_multipart boolean, p_sha256 bytea, p_key text, p_store text,
    p_lifetime interval, p_intent_slack interval, p_dialect text, p_part_count_max integer
) RETURNS TABLE (refusal integer, expires timestamptz, file_name text, owner text) LANGUAGE plpgsql AS $$
DECLARE
    e entries%ROWTYPE;
BEGIN
    owner := p_actor;
    file_name := p_name;
    IF EXISTS (SELECT 1 FROM uploads WHERE id = p_id) THEN
        refusal := 0;
        RETURN NEXT;
        RETURN;
    END IF;
    IF NOT p_is_new OR p_parent IS NOT NULL THEN
        SELECT r.refusal, r.owner INTO refusal, owner FROM writing_right(CASE WHEN p_is_new THEN p_parent ELSE p_file END, p_actor, false) r;
        IF refusal IS NOT NULL THEN
            RETURN NEXT;
            RETURN;
        END IF;
    END IF;
    IF p_is_new THEN
        refusal := CASE
            WHEN p_parent IS NOT NULL AND NOT folder_is_live(owner, p_parent) THEN 1
            WHEN p_on_conflict = 1 AND name_is_taken(owner, p_parent, p_name_key) THEN 4 END;
    ELSE
        SELECT * INTO e FROM entries WHERE id = p_file;
        refusal := CASE
            WHEN NOT FOUND OR e.owner_id <> owner OR e.kind <> 1 OR NOT entry_is_live(p_file) THEN 1
            -- Otherwise the conflict ends in a copy beside the file.
            WHEN p_on_conflict = 1 AND e.current_version <> p_expected THEN 11 END;
        file_name := e.name;
    END IF;
    IF refusal IS NOT NULL THEN
        RETURN NEXT;
        RETURN;
    END IF;

    PERFORM ensure_user(owner, p_quota) WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = owner);
    IF p_key IS NOT NULL THEN
        INSERT INTO objects (key, store, owner_id, state, multipart, upload_id, intent_deadline)
        VALUES (p_key, p_store, owner, 'intended', p_multipart, p_id, now() + p_lifetime + p_intent_slack);
    END IF;
    INSERT INTO uploads (id, owner_id, uploader_id, mode, file_id, is_new_file, expected_version, name, name_key, parent_id, on_conflict,
        content_type, size_bytes, part_size_bytes, part_count, multipart, declared_sha256, reserved_bytes, store, object_key, expires_at,
        dialect, part_count_max)
    VALUES (p_id, owner, nullif(p_actor, owner), p_mode, p_file, p_is_new, p_expected, file_name, coalesce(e.name_key, p_name_key), p_parent,
        p_on_conflict, p_content_type, p_size, p_part_size, p_part_count, p_multipart, p_sha256, coalesce(p_size, 0), p_store, p_key,
        now() + p_lifetime, p_dialect, p_part_count_max);
    UPDATE users SET reserved_bytes = reserved_bytes + coalesce(p_size, 0)
    WHERE id = owner AND used_bytes + reserved_bytes + coalesce(p_size, 0) <= quota_bytes;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'quota exceeded' USING ERRCODE = 'GV010';
    END IF;
    expires := now() + p_lifetime;
    RETURN NEXT;
END $$;

-- As before, and whoever lost the right to write there takes no more of the owner's quota.
CREATE OR REPLACE FUNCTION acknowledge_growing_part(
    p_id text, p_epoch bigint, p_number integer, p_size bigint, p_etag text, p_sha256 bytea
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    u uploads%ROWTYPE;
    grown bigint;
    lost integer;
BEGIN
    SELECT * INTO u FROM uploads WHERE id = p_id AND coalesce(state, 0) = 1 AND epoch = p_epoch FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF u.uploader_id IS NOT NULL THEN
        SELECT refusal INTO lost FROM writing_right(CASE WHEN u.is_new_file THEN u.parent_id ELSE u.file_id END, u.uploader_id, false);
        IF lost IS NOT NULL THEN
            RAISE EXCEPTION 'the right to write was lost' USING ERRCODE = 'GV' || lpad(lost::text, 3, '0');
        END IF;
    END IF;
    SELECT p_size - coalesce(sum(size_bytes), 0) INTO grown FROM upload_parts WHERE upload_id = p_id AND number = p_number;
    INSERT INTO upload_parts (upload_id, number, size_bytes, etag, sha256) VALUES (p_id, p_number, p_size, p_etag, p_sha256)
    ON CONFLICT (upload_id, number) DO UPDATE SET size_bytes = excluded.size_bytes, etag = excluded.etag, sha256 = excluded.sha256;
    UPDATE uploads SET reserved_bytes = reserved_bytes + grown WHERE id = p_id;
    UPDATE users SET reserved_bytes = reserved_bytes + grown
    WHERE id = u.owner_id AND (grown <= 0 OR used_bytes + reserved_bytes + grown <= quota_bytes);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'quota exceeded' USING ERRCODE = 'GV010';
    END IF;
    RETURN true;
END $$;

-- commit_version by somebody: whether he may, is looked at again, and the version says who made it.
CREATE FUNCTION commit_version_as(
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
BEGIN
    IF p_upload IS NOT NULL THEN
        SELECT * INTO u FROM uploads WHERE id = p_upload FOR UPDATE;
        IF FOUND AND u.state = 4 AND u.file_id = p_file THEN
            RETURN QUERY SELECT NULL::integer, u.version_number;
            RETURN;
        END IF;
        -- A whole object needs no store call to be completed, so its session is still open here; its part must be the
        -- one that was looked at.
        IF u.id IS NULL OR u.epoch <> p_epoch OR u.owner_id <> p_owner OR coalesce(u.uploader_id, u.owner_id) <> p_actor OR u.state > 3
                OR (u.state = 1 AND (u.multipart OR (p_key IS NOT NULL
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
        IF p_key IS NOT NULL THEN
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

-- turn_into_copy, where the uploader may make a file beside the other. No row also where he may not.
CREATE FUNCTION turn_into_own_copy(p_id text, p_epoch bigint, p_copy text, p_name text, p_name_key text)
RETURNS TABLE (folder text) LANGUAGE plpgsql AS $$
DECLARE
    u uploads%ROWTYPE;
BEGIN
    SELECT * INTO u FROM uploads WHERE id = p_id FOR UPDATE;
    SELECT parent_id INTO folder FROM entries WHERE id = u.file_id;
    IF u.uploader_id IS NOT NULL AND (folder IS NULL OR (SELECT r.refusal FROM writing_right(folder, u.uploader_id, false) r) IS NOT NULL) THEN
        RETURN;
    END IF;
    RETURN QUERY SELECT t.folder FROM turn_into_copy(p_id, p_epoch, p_copy, p_name, p_name_key) t;
END $$;

-- create_folder by somebody who may write in the parent. Returns NULL, 0 when it exists already (a repeat), or a refusal.
CREATE FUNCTION create_folder_as(p_actor text, p_quota bigint, p_folder text, p_name text, p_name_key text, p_parent text)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    owner text := p_actor;
    lost integer;
BEGIN
    IF EXISTS (SELECT 1 FROM entries WHERE id = p_folder) THEN
        RETURN CASE WHEN (SELECT a.role FROM entry_access(p_folder, p_actor) a) >= 3 THEN 0 ELSE 1 END;
    END IF;
    IF p_parent IS NOT NULL THEN
        SELECT owner_id INTO owner FROM entries WHERE id = p_parent;
        IF NOT FOUND THEN
            RETURN 1;
        END IF;
        IF owner <> p_actor THEN
            -- Refused before anything of the owner's is locked, and looked at once more when nothing can change any more.
            SELECT r.refusal INTO lost FROM writing_right(p_parent, p_actor, false) r;
            IF lost IS NULL THEN
                PERFORM lock_folders(owner);
                PERFORM 1 FROM entries WHERE id = p_parent FOR SHARE;
                SELECT r.refusal INTO lost FROM writing_right(p_parent, p_actor, true) r;
            END IF;
            IF lost IS NOT NULL THEN
                RETURN lost;
            END IF;
        END IF;
    END IF;
    RETURN create_folder(owner, p_quota, p_folder, p_name, p_name_key, p_parent);
END $$;
