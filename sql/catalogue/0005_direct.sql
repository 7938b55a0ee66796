-- Parts and objects that clients send straight to the store. The store is asked what it has; the ledger takes that over.

-- NULL: the part went straight to the store, so nobody has hashed it.
ALTER TABLE upload_parts ALTER COLUMN sha256 DROP NOT NULL;

-- Until when somebody may hold a URL that writes to the key. Garbage is deleted for the last time after it.
ALTER TABLE objects ADD COLUMN urls_until timestamptz;

ALTER TABLE uploads
    -- The same for the session; NULL while it has handed out no URL, and then all its bytes passed through a front end.
    ADD COLUMN urls_until timestamptz,
    -- Where a file of one part is sent straight to. It is copied to a fresh key before it counts, since its URL lives on.
    ADD COLUMN staging_key text COLLATE "C",
    -- When to look whether the staged object has come, for one whose event was lost.
    ADD COLUMN staged_look_at timestamptz;
CREATE INDEX uploads_staged ON uploads (staged_look_at) WHERE staging_key IS NOT NULL AND state = 1;

-- Notes that URLs were handed out, before they are. The first of a file of one part brings the staging key into the ledger.
-- Returns the session's staging key, empty in a multipart upload; NULL when it is not open in this epoch any more.
CREATE FUNCTION hand_out_urls(p_id text, p_epoch bigint, p_staging_key text, p_lifetime interval, p_intent_slack interval, p_look_after interval)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    u uploads%ROWTYPE;
    until timestamptz := now() + p_lifetime + p_intent_slack;
BEGIN
    SELECT * INTO u FROM uploads WHERE id = p_id FOR NO KEY UPDATE;
    IF NOT FOUND OR u.epoch <> p_epoch OR u.state <> 1 THEN
        RETURN NULL;
    END IF;
    IF NOT u.multipart AND u.staging_key IS NULL THEN
        INSERT INTO objects (key, store, owner_id, state, upload_id, intent_deadline)
        VALUES (p_staging_key, u.store, u.owner_id, 'intended', p_id, until);
        UPDATE uploads SET staging_key = p_staging_key, attempt_count = attempt_count + 1 WHERE id = p_id;
        u.staging_key := p_staging_key;
    END IF;
    UPDATE uploads SET urls_until = greatest(urls_until, until), staged_look_at = CASE WHEN multipart THEN NULL ELSE now() + p_look_after END
    WHERE id = p_id;
    UPDATE objects SET urls_until = greatest(urls_until, until), intent_deadline = greatest(intent_deadline, until)
    WHERE key = CASE WHEN u.multipart THEN u.object_key ELSE u.staging_key END AND coalesce(state, '') = 'intended';
    RETURN coalesce(u.staging_key, '');
END $$;

-- As before, and a staged object is needed as long as its session is unfinished.
CREATE OR REPLACE FUNCTION expire_intents(p_shard integer, p_limit integer) RETURNS integer LANGUAGE plpgsql AS $$
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
            u.multipart OR u.staging_key = o.key
            OR EXISTS (SELECT 1 FROM upload_parts p WHERE p.upload_id = u.id AND p.object_key = o.key)));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END $$;
