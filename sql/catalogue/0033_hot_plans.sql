-- Plans that look at what is asked for and at nothing else, also in small installations and for any values: which rows go is found by itself, and
-- each goes by its key or place; functions that give one row say so, since what they are joined with is else read as a whole.

-- What each listing of the inbox asks for: objects that are refused, and those that it has not shown.
CREATE INDEX inbox_objects_refused ON inbox_objects (reason) INCLUDE (size_bytes) WHERE state = 'refused';
CREATE INDEX inbox_objects_listed ON inbox_objects (listed_at) WHERE next_attempt_at IS NULL;

-- As before, but each owner's row is looked up by itself: joined, all users might be read for a feed of a few owners.
CREATE OR REPLACE FUNCTION feed_owners(p_user text) RETURNS TABLE (owner_id text, hash bigint, last_seq bigint) LANGUAGE sql STABLE AS $$
    WITH RECURSIVE told AS (
        (SELECT c.owner_id FROM shared_changes c WHERE c.scope = 't:' || p_user ORDER BY c.owner_id LIMIT 1)
        UNION ALL
        SELECT (SELECT c.owner_id FROM shared_changes c WHERE c.scope = 't:' || p_user AND c.owner_id > t.owner_id ORDER BY c.owner_id LIMIT 1)
        FROM told t WHERE t.owner_id IS NOT NULL
    ), sharing AS (
        (SELECT s.owner_id FROM shares s WHERE s.user_id = p_user ORDER BY s.owner_id LIMIT 1)
        UNION ALL
        SELECT (SELECT s.owner_id FROM shares s WHERE s.user_id = p_user AND s.owner_id > t.owner_id ORDER BY s.owner_id LIMIT 1)
        FROM sharing t WHERE t.owner_id IS NOT NULL
    ), owners AS (
        SELECT p_user AS id
        UNION SELECT t.owner_id FROM told t WHERE t.owner_id IS NOT NULL
        UNION SELECT t.owner_id FROM sharing t WHERE t.owner_id IS NOT NULL
    )
    SELECT o.id, feed_hash(o.id), coalesce((SELECT u.change_seq FROM users u WHERE u.id = o.id), 0) FROM owners o ORDER BY o.id <> p_user, o.id;
$$;

ALTER FUNCTION feed_owners(text) ROWS 10;
ALTER FUNCTION feed_states(text, text[], text[], integer) ROWS 10;
ALTER FUNCTION feed_sights(text, text[]) ROWS 10;
ALTER FUNCTION feed_below(text, text[], text, integer) ROWS 10;
ALTER FUNCTION entry_access(text, text) ROWS 1;
ALTER FUNCTION entry_sight(text, text) ROWS 1;
ALTER FUNCTION link_access(bytea, text, timestamptz, boolean) ROWS 1;

-- As before, but for how the rows are found.
CREATE OR REPLACE FUNCTION append_store_calls(
    p_at timestamptz[], p_process text, p_store text[], p_operation text[], p_key text[], p_outcome text[], p_duration bigint[], p_size bigint[],
    p_count_max bigint
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    last bigint;
BEGIN
    WITH added AS (
        INSERT INTO store_calls (at, process, store, operation, object_key, outcome, duration_us, size_bytes)
        SELECT c.at, p_process, c.store, c.operation, c.key, c.outcome, c.duration, c.size
        FROM unnest(p_at, p_store, p_operation, p_key, p_outcome, p_duration, p_size) AS c (at, store, operation, key, outcome, duration, size)
        RETURNING id
    )
    SELECT max(id) INTO last FROM added;
    DELETE FROM store_calls WHERE id = ANY (ARRAY(SELECT id FROM store_calls WHERE id <= last - p_count_max ORDER BY id LIMIT 10 * cardinality(p_at)));
END $$;

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
    WHERE o.key = ANY (due) AND (
        SELECT true FROM uploads u WHERE u.id = o.upload_id AND coalesce(u.state, 0) <= 3 AND (
            u.multipart OR u.staging_key = o.key
            OR (SELECT true FROM upload_parts p WHERE p.upload_id = u.id AND p.object_key = o.key LIMIT 1)) LIMIT 1) IS NULL;
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END $$;

CREATE OR REPLACE FUNCTION prune_feed(p_age interval, p_limit integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    gone integer;
    total integer := 0;
BEGIN
    DELETE FROM changes WHERE ctid = ANY (ARRAY(
        SELECT y.place FROM (
            SELECT DISTINCT x.owner_id FROM (SELECT owner_id FROM changes WHERE at < now() - p_age ORDER BY at LIMIT p_limit) x) o
        CROSS JOIN LATERAL (
            SELECT z.ctid AS place FROM changes z WHERE z.owner_id = o.owner_id AND z.seq < coalesce((
                SELECT k.seq FROM changes k WHERE k.owner_id = o.owner_id AND k.at >= now() - p_age ORDER BY k.seq LIMIT 1), 9223372036854775807)
            ORDER BY z.seq LIMIT p_limit) y));
    GET DIAGNOSTICS total = ROW_COUNT;
    DELETE FROM shared_changes WHERE ctid = ANY (ARRAY(SELECT ctid FROM shared_changes WHERE at < now() - p_age ORDER BY at LIMIT p_limit));
    GET DIAGNOSTICS gone = ROW_COUNT;
    total := total + gone;
    DELETE FROM feed_cursors WHERE ctid = ANY (ARRAY(SELECT ctid FROM feed_cursors WHERE used_at < now() - p_age ORDER BY used_at LIMIT p_limit));
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN total + gone;
END $$;

CREATE OR REPLACE FUNCTION expire_transfers(p_limit integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    entries_of text[];
    from_ids text[];
    to_ids text[];
BEGIN
    WITH due AS (
        SELECT x.entry_id FROM transfers x WHERE x.accepted_at IS NULL AND x.expires_at <= now() ORDER BY x.expires_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM transfers x WHERE x.entry_id = ANY (ARRAY(SELECT due.entry_id FROM due)) RETURNING x.entry_id, x.from_id, x.to_id
    )
    SELECT array_agg(g.entry_id ORDER BY g.from_id, g.entry_id), array_agg(g.from_id ORDER BY g.from_id, g.entry_id),
        array_agg(g.to_id ORDER BY g.from_id, g.entry_id) INTO entries_of, from_ids, to_ids FROM gone g;
    -- In the order of owners, as heads of chains are locked.
    FOR i IN 1 .. coalesce(cardinality(entries_of), 0) LOOP
        PERFORM audit_note(from_ids[i], 'transfer-end', entries_of[i], json_build_object('userId', to_ids[i], 'reason', 'expired')::text);
    END LOOP;
    RETURN coalesce(cardinality(entries_of), 0);
END $$;
