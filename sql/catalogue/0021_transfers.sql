-- Transfers of ownership: offered by the owner, and nothing happens until the other accepts, since it takes his quota.
CREATE TABLE transfers (
    entry_id    text COLLATE "C" PRIMARY KEY REFERENCES entries (id) ON DELETE CASCADE,
    from_id     text COLLATE "C" NOT NULL,
    to_id       text COLLATE "C" NOT NULL CHECK (to_id ~ '^u-[0-9a-f-]{36}$'),
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL,
    -- When it was accepted: the entries are the new owner's, and their grains are still to be told.
    accepted_at timestamptz,
    entry_ids   text[],
    CONSTRAINT transfers_to_another CHECK (from_id <> to_id),
    CONSTRAINT transfers_accepted_tell CHECK ((accepted_at IS NULL) = (entry_ids IS NULL))
);
CREATE INDEX transfers_offered ON transfers (to_id, entry_id DESC) WHERE accepted_at IS NULL;
CREATE INDEX transfers_open ON transfers (from_id, entry_id DESC) WHERE accepted_at IS NULL;
CREATE INDEX transfers_expiry ON transfers (expires_at) WHERE accepted_at IS NULL;
CREATE INDEX transfers_accepted ON transfers (accepted_at) WHERE accepted_at IS NOT NULL;

-- Offers an entry with what is below it to a user, instead of whom it was offered to before. Returns a refusal or NULL.
CREATE FUNCTION offer_transfer(p_owner text, p_entry text, p_to text, p_lifetime interval, p_count_max integer) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM entries WHERE id = p_entry AND owner_id = p_owner AND purging_at IS NULL FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN 1;
    END IF;
    IF NOT entry_is_live(p_entry) THEN
        RETURN 23;
    END IF;
    IF p_to = p_owner OR (SELECT count(*) FROM transfers WHERE from_id = p_owner AND accepted_at IS NULL AND entry_id <> p_entry) >= p_count_max THEN
        RETURN 3;
    END IF;
    INSERT INTO transfers (entry_id, from_id, to_id, expires_at) VALUES (p_entry, p_owner, p_to, now() + p_lifetime)
    ON CONFLICT (entry_id) DO UPDATE SET from_id = p_owner, to_id = p_to, created_at = now(), expires_at = excluded.expires_at
    WHERE transfers.accepted_at IS NULL;
    -- One that was accepted goes as soon as all have been told.
    RETURN CASE WHEN NOT FOUND THEN 15 END;
END $$;

-- Takes an offer: the entry and what is below it become the user's, at his root under the first name that is free. Their bytes move from one
-- quota to the other. Shares stay, but for his own; who gave it is an editor then. Returns a refusal, or the ids of what has moved.
-- Locks in the order of all: folders' shapes, folders before what is in them, objects, users by their ids.
CREATE FUNCTION accept_transfer(p_user text, p_quota bigint, p_entry text, p_names text[], p_name_keys text[], p_count_max integer)
RETURNS TABLE (refusal integer, ids text[]) LANGUAGE plpgsql AS $$
DECLARE
    t transfers%ROWTYPE;
    e entries%ROWTYPE;
    level text[];
    below text[];
    keys text[];
    added bigint;
    freed bigint;
    last_seq bigint;
    n integer := 1;
BEGIN
    SELECT * INTO t FROM transfers WHERE entry_id = p_entry AND to_id = p_user AND accepted_at IS NULL AND expires_at > now();
    IF NOT FOUND THEN
        RETURN QUERY SELECT 1, NULL::text[];
        RETURN;
    END IF;
    PERFORM lock_folders(least(t.from_id, t.to_id));
    PERFORM lock_folders(greatest(t.from_id, t.to_id));
    SELECT * INTO e FROM entries WHERE id = p_entry FOR UPDATE;
    PERFORM 1 FROM transfers x WHERE x.entry_id = p_entry AND x.to_id = p_user AND x.from_id = e.owner_id AND x.accepted_at IS NULL FOR UPDATE;
    IF NOT FOUND OR e.owner_id <> t.from_id OR e.purging_at IS NOT NULL OR NOT entry_is_live(p_entry) THEN
        RETURN QUERY SELECT 1, NULL::text[];
        RETURN;
    END IF;

    ids := ARRAY[p_entry];
    level := CASE WHEN e.kind = 2 THEN ids END;
    WHILE level IS NOT NULL LOOP
        -- Nothing comes into a folder that is locked.
        SELECT array_agg(c.id), array_agg(c.id) FILTER (WHERE c.kind = 2) INTO below, level FROM (
            SELECT id, kind FROM entries WHERE parent_id = ANY (level) ORDER BY id LIMIT p_count_max FOR UPDATE) c;
        ids := ids || below;
        IF cardinality(ids) > p_count_max THEN
            RETURN QUERY SELECT 8, NULL::text[];
            RETURN;
        END IF;
    END LOOP;
    WHILE name_is_taken(t.to_id, NULL, p_name_keys[n]) LOOP
        n := n + 1;
        IF n > array_length(p_names, 1) THEN
            RETURN QUERY SELECT 4, NULL::text[];
            RETURN;
        END IF;
    END LOOP;

    SELECT array_agg(DISTINCT object_key) INTO keys FROM file_versions WHERE file_id = ANY (ids) AND object_key IS NOT NULL;
    PERFORM 1 FROM objects WHERE key = ANY (keys) ORDER BY key FOR UPDATE;
    -- An owner pays once for an object to which several of his versions refer.
    SELECT coalesce(sum(o.size_bytes), 0) INTO added FROM objects o WHERE o.key = ANY (keys) AND NOT EXISTS (
        SELECT 1 FROM file_versions v JOIN entries x ON x.id = v.file_id WHERE v.object_key = o.key AND x.owner_id = t.to_id);
    UPDATE file_versions SET made_by = t.from_id WHERE file_id = ANY (ids) AND made_by IS NULL;
    UPDATE entries SET owner_id = t.to_id, version = version + 1 WHERE id = ANY (ids) AND id <> p_entry;
    UPDATE entries SET owner_id = t.to_id, parent_id = NULL, name = p_names[n], name_key = p_name_keys[n], version = version + 1 WHERE id = p_entry;
    SELECT coalesce(sum(o.size_bytes), 0) INTO freed FROM objects o WHERE o.key = ANY (keys) AND NOT EXISTS (
        SELECT 1 FROM file_versions v JOIN entries x ON x.id = v.file_id WHERE v.object_key = o.key AND x.owner_id = t.from_id);
    UPDATE objects o SET owner_id = t.to_id WHERE o.key = ANY (keys) AND o.owner_id = t.from_id;
    DELETE FROM shares WHERE entry_id = ANY (ids) AND user_id = t.to_id;
    INSERT INTO shares (entry_id, user_id, role) VALUES (p_entry, t.from_id, 3) ON CONFLICT (entry_id, user_id) DO UPDATE SET role = 3;
    DELETE FROM transfers x WHERE x.entry_id = ANY (ids) AND x.entry_id <> p_entry AND x.accepted_at IS NULL;
    UPDATE transfers x SET accepted_at = now(), entry_ids = ids WHERE x.entry_id = p_entry;

    PERFORM ensure_user(t.to_id, p_quota) WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = t.to_id);
    PERFORM 1 FROM users WHERE id IN (t.from_id, t.to_id) ORDER BY id FOR NO KEY UPDATE;
    UPDATE users SET used_bytes = used_bytes - freed, change_seq = change_seq + cardinality(ids) WHERE id = t.from_id RETURNING change_seq INTO last_seq;
    INSERT INTO changes (owner_id, seq, entry_id, kind)
    SELECT t.from_id, last_seq - place + 1, moved, 5 FROM unnest(ids) WITH ORDINALITY AS gone (moved, place);
    UPDATE users SET used_bytes = used_bytes + added, change_seq = change_seq + cardinality(ids)
    WHERE id = t.to_id AND used_bytes + reserved_bytes + added <= quota_bytes RETURNING change_seq INTO last_seq;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'quota exceeded' USING ERRCODE = 'GV010';
    END IF;
    INSERT INTO changes (owner_id, seq, entry_id, kind)
    SELECT t.to_id, last_seq - cardinality(ids) + place, moved, 1 FROM unnest(ids) WITH ORDINALITY AS come (moved, place);
    RETURN NEXT;
END $$;
