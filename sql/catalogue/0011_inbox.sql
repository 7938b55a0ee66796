-- Objects that others put into the store below inbox/<user>/ and that become files of that user. The row is there before anything is
-- copied, and goes when the object in the inbox is gone. state: noticed, to be looked at; copying, the intent of a copy is written;
-- committed, the file is there and the source is to be deleted; refused, the object stays, and reason says why.
CREATE TABLE inbox_objects (
    key             text COLLATE "C" PRIMARY KEY CHECK (octet_length(key) BETWEEN 1 AND 1024),
    shard           smallint NOT NULL CHECK (shard BETWEEN 0 AND 15),
    state           text NOT NULL DEFAULT 'noticed' CHECK (state IN ('noticed', 'copying', 'committed', 'refused')),
    -- What the last intent was about. The file's id stays the same for as long as the object does, so that every repeat makes one file.
    owner_id        text COLLATE "C",
    etag            text,
    size_bytes      bigint CHECK (size_bytes >= 0),
    file_id         text COLLATE "C",
    object_key      text COLLATE "C",
    reason          text,
    -- Raised by each event; who has finished removes the row only if none came meanwhile.
    notice_count    bigint NOT NULL DEFAULT 1,
    attempt_count   integer NOT NULL DEFAULT 0,
    -- NULL: the key can't be asked for, so only a listing tells whether the object is still there.
    next_attempt_at timestamptz DEFAULT now(),
    noticed_at      timestamptz NOT NULL DEFAULT now(),
    listed_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT inbox_objects_refused_has_reason CHECK ((state = 'refused') = (reason IS NOT NULL)),
    CONSTRAINT inbox_objects_intent_is_whole CHECK (state NOT IN ('copying', 'committed')
        OR (owner_id IS NOT NULL AND etag IS NOT NULL AND size_bytes IS NOT NULL AND file_id IS NOT NULL))
);
CREATE INDEX inbox_objects_due ON inbox_objects (shard, next_attempt_at);

-- When the inbox was last listed.
CREATE TABLE inbox_listing (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    listed_at timestamptz NOT NULL
);

-- The intent of a copy: each attempt has a key of its own in the ledger, and what an earlier one has left there is garbage.
-- Returns the file's id, with NULL to go on, 0 when an earlier attempt has made the file, or a refusal.
CREATE FUNCTION intend_adoption(
    p_key text, p_etag text, p_size bigint, p_owner text, p_quota bigint, p_file text, p_object text, p_store text,
    p_multipart boolean, p_lives interval, p_retry interval
) RETURNS TABLE (refusal integer, file text) LANGUAGE plpgsql AS $$
DECLARE
    i inbox_objects%ROWTYPE;
    kept text;
BEGIN
    SELECT * INTO i FROM inbox_objects WHERE key = p_key FOR UPDATE;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 1, NULL::text;
        RETURN;
    END IF;
    IF i.etag = p_etag AND i.size_bytes = p_size THEN
        kept := i.file_id;
        IF i.state = 'committed' OR EXISTS (SELECT 1 FROM entries e WHERE e.id = kept)
                OR EXISTS (SELECT 1 FROM removed_entries r WHERE r.id = kept) THEN
            RETURN QUERY SELECT 0, kept;
            RETURN;
        END IF;
    END IF;
    PERFORM 1 FROM users WHERE id = p_owner AND used_bytes + reserved_bytes + p_size <= quota_bytes;
    IF NOT FOUND THEN
        IF EXISTS (SELECT 1 FROM users WHERE id = p_owner) OR p_size > p_quota THEN
            RETURN QUERY SELECT 10, NULL::text;
            RETURN;
        END IF;
        PERFORM ensure_user(p_owner, p_quota);
    END IF;
    UPDATE objects SET state = 'garbage', garbage_at = now(), intent_deadline = NULL
    WHERE key = i.object_key AND coalesce(state, '') = 'intended';
    IF p_object IS NOT NULL THEN
        INSERT INTO objects (key, store, owner_id, state, size_bytes, multipart, intent_deadline)
        VALUES (p_object, p_store, p_owner, 'intended', p_size, p_multipart, now() + p_lives);
    END IF;
    UPDATE inbox_objects SET state = 'copying', owner_id = p_owner, etag = p_etag, size_bytes = p_size, file_id = coalesce(kept, p_file),
        object_key = p_object, reason = NULL, next_attempt_at = now() + p_retry
    WHERE key = p_key;
    RETURN QUERY SELECT NULL::integer, coalesce(kept, p_file);
END $$;

-- True for a row whose object or multipart upload should not be in the store any more: garbage whose time has passed, or an intent
-- that nobody needs any more. What has no row at all should not be there either. All of that is leaked; everything else
-- is live, being written, or waits for its deletion as it should.
CREATE FUNCTION object_is_overdue(o objects, p_garbage_delay interval) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT CASE o.state
        WHEN 'garbage' THEN coalesce(o.deleted_at, o.garbage_at) + p_garbage_delay < now()
            AND (o.deleted_count = 0 OR coalesce(o.urls_until, '-infinity') + p_garbage_delay < now())
        WHEN 'intended' THEN o.intent_deadline < now() AND NOT EXISTS (
            SELECT 1 FROM uploads u WHERE u.id = o.upload_id AND u.state <= 3 AND (
                u.multipart OR u.staging_key = o.key
                OR EXISTS (SELECT 1 FROM upload_parts p WHERE p.upload_id = u.id AND p.object_key = o.key)))
        ELSE false
    END;
$$;

-- The rules under which a session was begun: they stay the same when the configuration changes under it. NULL in sessions that began
-- before they were noted.
ALTER TABLE uploads
    ADD COLUMN dialect text,
    ADD COLUMN part_count_max integer CHECK (part_count_max >= 1);

-- create_upload with the dialect of the store that the session is begun on.
CREATE FUNCTION create_upload_in_dialect(
    p_id text, p_owner text, p_quota bigint, p_mode integer, p_file text, p_is_new boolean, p_expected integer,
    p_name text, p_name_key text, p_parent text, p_on_conflict integer, p_content_type text, p_size bigint,
    p_part_size bigint, p_part_count integer, p_multipart boolean, p_sha256 bytea, p_key text, p_store text,
    p_lifetime interval, p_intent_slack interval, p_dialect text, p_part_count_max integer
) RETURNS TABLE (refusal integer, expires timestamptz, file_name text) LANGUAGE plpgsql AS $$
BEGIN
    SELECT c.refusal, c.expires, c.file_name INTO refusal, expires, file_name
    FROM create_upload(p_id, p_owner, p_quota, p_mode, p_file, p_is_new, p_expected, p_name, p_name_key, p_parent, p_on_conflict,
        p_content_type, p_size, p_part_size, p_part_count, p_multipart, p_sha256, p_key, p_store, p_lifetime, p_intent_slack) c;
    IF refusal IS NULL THEN
        UPDATE uploads SET dialect = p_dialect, part_count_max = p_part_count_max WHERE id = p_id;
    END IF;
    RETURN NEXT;
END $$;
