-- Copies: versions of several files, and of several owners, may refer to one object. Each owner who refers to it pays for it, once.

-- Marks the objects among these to which no version refers any more as garbage. Returns the bytes of those to which no version of this
-- owner does: they return to the owner's quota, whoever else still refers to them. Whoever adds a reference locks the object; with the lock
-- taken here no new one can come, then references are counted.
CREATE FUNCTION drop_objects(p_owner text, p_keys text[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    freed bigint;
BEGIN
    PERFORM 1 FROM objects WHERE key = ANY (p_keys) ORDER BY key FOR UPDATE;
    SELECT coalesce(sum(o.size_bytes), 0) INTO freed FROM objects o
    WHERE o.key = ANY (p_keys) AND NOT EXISTS (
        SELECT 1 FROM file_versions v JOIN entries e ON e.id = v.file_id WHERE v.object_key = o.key AND e.owner_id = p_owner);
    UPDATE objects SET state = 'garbage', garbage_at = now()
    WHERE key = ANY (p_keys) AND coalesce(state, '') = 'live' AND NOT EXISTS (SELECT 1 FROM file_versions v WHERE v.object_key = objects.key);
    RETURN freed;
END $$;

-- Before a version of this owner refers to an object that is live: returns what that costs the quota, in bytes, and 0 where the owner
-- pays for it already; NULL where the object is not live. The lock keeps it live until the transaction ends, and lets in one at a time, so
-- that two first references of one owner do not both pay.
CREATE FUNCTION refer_to_object(p_owner text, p_key text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    cost bigint;
BEGIN
    SELECT size_bytes INTO cost FROM objects WHERE key = p_key AND coalesce(state, '') = 'live' FOR NO KEY UPDATE;
    IF FOUND AND EXISTS (SELECT 1 FROM file_versions v JOIN entries e ON e.id = v.file_id WHERE v.object_key = p_key AND e.owner_id = p_owner) THEN
        RETURN 0;
    END IF;
    RETURN cost;
END $$;

-- As before; of an object that others refer to as well, the bytes return to this owner.
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
    freed := drop_objects(p_owner, keys);
    UPDATE users SET used_bytes = used_bytes - freed, change_seq = change_seq + 1 WHERE id = p_owner RETURNING change_seq INTO next_seq;
    PERFORM append_change(p_owner, next_seq, p_entry, 5);
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION remove_versions(p_owner text, p_file text, p_number integer, p_and_older boolean, p_limit integer) RETURNS integer LANGUAGE plpgsql AS $$
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
    freed := drop_objects(p_owner, keys);
    UPDATE users SET used_bytes = used_bytes - freed, change_seq = change_seq + 1 WHERE id = p_owner RETURNING change_seq INTO next_seq;
    PERFORM append_change(p_owner, next_seq, p_file, 2);
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION purge_listed(p_owner text, p_folder text, p_ids text[], p_parents text[]) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    gone text[];
    keys text[];
    freed bigint;
    last_seq bigint;
BEGIN
    PERFORM 1 FROM entries WHERE id = p_folder AND owner_id = p_owner AND coalesce(purging_at, 'infinity') < 'infinity' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN true;
    END IF;
    -- Folders before what is in them; with these locks nothing can come into them any more.
    SELECT array_agg(id) INTO gone FROM (
        SELECT e.id FROM unnest(p_ids, p_parents) WITH ORDINALITY AS listed (id, parent, place) JOIN entries e ON e.id = listed.id
        WHERE e.parent_id = listed.parent OR e.id = p_folder ORDER BY listed.place DESC FOR UPDATE OF e) still;
    IF EXISTS (SELECT 1 FROM entries WHERE parent_id = ANY (gone) AND id <> ALL (gone)) THEN
        -- Something came since they were listed: the next round finds it.
        SELECT array_agg(id) INTO gone FROM entries WHERE id = ANY (gone) AND kind <> 2;
    END IF;
    IF gone IS NULL THEN
        RETURN false;
    END IF;
    SELECT array_agg(object_key) INTO keys FROM file_versions WHERE file_id = ANY (gone) AND object_key IS NOT NULL;
    DELETE FROM file_versions WHERE file_id = ANY (gone);
    DELETE FROM entries WHERE id = ANY (gone);
    freed := drop_objects(p_owner, keys);
    UPDATE users SET used_bytes = used_bytes - freed, change_seq = change_seq + cardinality(gone) WHERE id = p_owner RETURNING change_seq INTO last_seq;
    INSERT INTO changes (owner_id, seq, entry_id, kind)
    SELECT p_owner, last_seq - cardinality(gone) + n, id, 5 FROM unnest(gone) WITH ORDINALITY AS removed (id, n);
    RETURN p_folder = ANY (gone);
END $$;

DROP FUNCTION drop_objects(text[]);

-- Makes a file whose first version refers to the object of another file's current one: no content moves. Whoever may read the content may
-- copy it; the copy belongs to the owner of the folder in which it comes to stand, who may have let others write there, and at the root to
-- who makes it. Returns NULL, 0 when it exists already (a repeat), or a refusal. p_names: the wanted name, then the ones to try.
CREATE FUNCTION copy_file(
    p_user text, p_quota bigint, p_file text, p_source text, p_names text[], p_name_keys text[], p_parent text
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    read_as record;
    kept text := p_user;
    lost integer;
    v file_versions%ROWTYPE;
    made text;
    cost bigint := 0;
    next_seq bigint;
BEGIN
    IF p_parent IS NOT NULL THEN
        SELECT r.refusal, r.owner INTO lost, kept FROM writing_right(p_parent, p_user, false) r;
        IF lost IS NOT NULL THEN
            RETURN lost;
        END IF;
    END IF;
    IF EXISTS (SELECT 1 FROM entries WHERE id = p_file) THEN
        RETURN CASE WHEN EXISTS (SELECT 1 FROM entries WHERE id = p_file AND owner_id = kept) THEN 0 ELSE 1 END;
    END IF;
    SELECT * INTO read_as FROM entry_access(p_source, p_user);
    IF NOT FOUND OR read_as.role < 1 THEN
        RETURN 1;
    END IF;
    IF read_as.kind <> 1 THEN
        RETURN 3;
    END IF;
    IF NOT read_as.is_live THEN
        RETURN 23;
    END IF;
    IF p_parent IS NOT NULL AND NOT folder_is_live(kept, p_parent) THEN
        RETURN 1;
    END IF;
    IF kept <> p_user THEN
        -- Looked at once more, now that nothing can change any more.
        SELECT r.refusal INTO lost FROM writing_right(p_parent, p_user, true) r;
        IF lost IS NOT NULL THEN
            RETURN lost;
        END IF;
    END IF;
    PERFORM ensure_user(kept, p_quota) WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = kept);
    SELECT x.* INTO v FROM entries e JOIN file_versions x ON x.file_id = e.id AND x.number = e.current_version WHERE e.id = p_source;
    IF NOT FOUND THEN
        RETURN 1;
    END IF;
    FOR i IN 1 .. array_length(p_names, 1) LOOP
        INSERT INTO entries (id, owner_id, parent_id, kind, name, name_key, current_version, size_bytes, content_type)
        VALUES (p_file, kept, p_parent, 1, p_names[i], p_name_keys[i], 1, v.size_bytes, v.content_type)
        ON CONFLICT DO NOTHING RETURNING id INTO made;
        EXIT WHEN made IS NOT NULL;
    END LOOP;
    IF made IS NULL THEN
        RETURN CASE WHEN EXISTS (SELECT 1 FROM entries WHERE id = p_file AND owner_id = kept) THEN 0 ELSE 4 END;
    END IF;
    IF v.object_key IS NOT NULL THEN
        cost := refer_to_object(kept, v.object_key);
        IF cost IS NULL THEN
            -- The version was removed since it was read: a repeat finds what the file has by then.
            RAISE EXCEPTION 'the content was replaced meanwhile' USING ERRCODE = 'serialization_failure';
        END IF;
    END IF;
    INSERT INTO file_versions (file_id, number, object_key, size_bytes, content_type, checksum, sha256, made_by)
    VALUES (p_file, 1, v.object_key, v.size_bytes, v.content_type, v.checksum, v.sha256, p_user);
    UPDATE users SET used_bytes = used_bytes + cost, change_seq = change_seq + 1
    WHERE id = kept AND (cost = 0 OR used_bytes + reserved_bytes + cost <= quota_bytes) RETURNING change_seq INTO next_seq;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'quota exceeded' USING ERRCODE = 'GV010';
    END IF;
    PERFORM append_change(kept, next_seq, p_file, 1);
    RETURN NULL;
END $$;
