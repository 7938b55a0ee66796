-- Limits of what others can put into a user's feed, so that nobody makes it expensive to ask whether it has something new; and webhooks that
-- the audit tells of, and that can be disabled and enabled again.

-- A share knows whose entry it is of: who shares with a user is found with one look at an index for each of them, however much he shares.
-- Written by the guard of shares alone, whoever writes the share.
ALTER TABLE shares ADD COLUMN owner_id text COLLATE "C";
UPDATE shares s SET owner_id = e.owner_id FROM entries e WHERE e.id = s.entry_id;
CREATE INDEX shares_of_owners ON shares (user_id, owner_id, entry_id);

-- As before, and whatever is written as the owner, the entry's is what stands there.
CREATE OR REPLACE FUNCTION guard_shares() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    owner text := (SELECT e.owner_id FROM entries e WHERE e.id = NEW.entry_id);
BEGIN
    IF owner = NEW.user_id THEN
        RAISE EXCEPTION 'the owner needs no share' USING ERRCODE = 'check_violation', CONSTRAINT = 'shares_not_with_owner';
    END IF;
    -- What has no entry is refused by the foreign key.
    NEW.owner_id := owner;
    RETURN NEW;
END $$;

-- With an entry its shares get another owner, but for his own, which ends in the same transaction.
CREATE FUNCTION move_shares() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE shares SET owner_id = NEW.owner_id WHERE entry_id = NEW.id AND user_id <> NEW.owner_id;
    RETURN NULL;
END $$;
CREATE TRIGGER entries_shares AFTER UPDATE OF owner_id ON entries FOR EACH ROW WHEN (OLD.owner_id <> NEW.owner_id) EXECUTE FUNCTION move_shares();

-- As before, in as many steps as there are owners.
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
    SELECT o.id, feed_hash(o.id), coalesce(u.change_seq, 0) FROM owners o LEFT JOIN users u ON u.id = o.id ORDER BY o.id <> p_user, o.id;
$$;

-- share_entry within limits: shares of this owner with the user, shares of all with him, and owners in his feed.
CREATE FUNCTION share_within(
    p_owner text, p_entry text, p_user text, p_role integer, p_by_address boolean, p_count_max integer,
    p_pair_max integer, p_user_max integer, p_owners_max integer
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    owner_count integer;
    is_known boolean;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM shares WHERE entry_id = p_entry AND user_id = p_user) THEN
        -- Two at once must not both be the last that fits. First of all locks, and nothing else takes it.
        PERFORM pg_advisory_xact_lock(hashtextextended('shares with ' || p_user, 0));
        SELECT count(*), bool_or(o.owner_id = p_owner) INTO owner_count, is_known FROM feed_owners(p_user) o WHERE o.owner_id <> p_user;
        IF (owner_count >= p_owners_max AND NOT is_known)
            OR (SELECT count(*) FROM (SELECT 1 FROM shares WHERE user_id = p_user AND owner_id = p_owner LIMIT p_pair_max) x) >= p_pair_max
            OR (SELECT count(*) FROM (SELECT 1 FROM shares WHERE user_id = p_user LIMIT p_user_max) x) >= p_user_max THEN
            RETURN 42;
        END IF;
    END IF;
    RETURN share_entry(p_owner, p_entry, p_user, p_role, p_by_address, p_count_max);
END $$;

-- As before, but a change is looked for only in what its owner shares.
CREATE OR REPLACE FUNCTION read_feed(p_user text, p_hashes bigint[], p_positions bigint[], p_limit integer)
RETURNS TABLE (hash bigint, seq bigint, has_more boolean, is_rewound boolean, entry_id text, is_direct boolean, is_shape boolean, relist boolean, at timestamptz)
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH owners AS MATERIALIZED (
        SELECT o.owner_id, o.hash, o.last_seq, coalesce(g.position, 0) AS position
        FROM feed_owners(p_user) o LEFT JOIN unnest(p_hashes, p_positions) g (hash, position) ON g.hash = o.hash
    ), busy AS MATERIALIZED (
        SELECT * FROM owners o WHERE o.last_seq > o.position
    ), mine AS MATERIALIZED (
        SELECT b.owner_id, s.entry_id, greatest(b.position, s.granted_seq) AS position
        FROM busy b JOIN shares s ON s.user_id = p_user AND s.owner_id = b.owner_id
    ), scopes AS MATERIALIZED (
        SELECT m.owner_id, m.entry_id AS scope, m.position FROM mine m
        UNION ALL SELECT b.owner_id, 't:' || p_user, b.position FROM busy b
        UNION ALL SELECT m.owner_id, 's:' || m.owner_id, min(m.position) FROM mine m GROUP BY m.owner_id
    ), found AS (
        SELECT b.owner_id, c.seq, c.entry_id, true AS is_direct, false AS is_shape, false AS relist, c.at
        FROM busy b CROSS JOIN LATERAL (
            SELECT x.seq, x.entry_id, x.at FROM changes x WHERE x.owner_id = b.owner_id AND x.seq > b.position ORDER BY x.seq LIMIT p_limit + 1) c
        WHERE b.owner_id = p_user
        UNION ALL
        SELECT s.owner_id, c.seq, c.entry_id, NOT starts_with(s.scope, 's:'), starts_with(s.scope, 's:'), c.relist AND NOT starts_with(s.scope, 's:'), c.at
        FROM scopes s CROSS JOIN LATERAL (
            SELECT x.seq, x.entry_id, x.relist, x.at FROM shared_changes x
            WHERE x.scope = s.scope AND x.owner_id = s.owner_id AND x.seq > s.position ORDER BY x.seq LIMIT p_limit + 1) c
    ), merged AS MATERIALIZED (
        SELECT f.owner_id, f.seq, f.entry_id, bool_or(f.is_direct) AS is_direct, bool_or(f.is_shape) AS is_shape, bool_or(f.relist) AS relist,
            min(f.at) AS at, row_number() OVER (PARTITION BY f.owner_id ORDER BY f.seq) AS place
        FROM found f GROUP BY f.owner_id, f.seq, f.entry_id
    ), page AS MATERIALIZED (
        SELECT m.*, row_number() OVER (ORDER BY m.place, m.owner_id) AS turn FROM merged m ORDER BY m.place, m.owner_id LIMIT p_limit
    ), counts AS MATERIALIZED (
        SELECT m.owner_id, count(*) > count(p.turn) AS has_more, max(p.seq) AS last_shown
        FROM merged m LEFT JOIN page p ON p.owner_id = m.owner_id AND p.seq = m.seq GROUP BY m.owner_id
    )
    SELECT r.hash, r.seq, r.has_more, r.is_rewound, r.entry_id, r.is_direct, r.is_shape, r.relist, r.at FROM (
        SELECT 0::bigint AS turn, o.hash, CASE WHEN c.has_more THEN coalesce(c.last_shown, o.position) ELSE greatest(o.last_seq, o.position) END AS seq,
            coalesce(c.has_more, false) AS has_more, o.position > o.last_seq AS is_rewound, NULL::text AS entry_id,
            false AS is_direct, false AS is_shape, false AS relist, NULL::timestamptz AS at
        FROM owners o LEFT JOIN counts c ON c.owner_id = o.owner_id
        UNION ALL
        SELECT p.turn, b.hash, p.seq, false, false, p.entry_id, p.is_direct, p.is_shape, p.relist, p.at FROM page p JOIN busy b ON b.owner_id = p.owner_id) r
    ORDER BY r.turn;
END $$;

-- What a user may do now with entries that changed, in their order.
CREATE FUNCTION feed_sights(p_user text, p_entries text[]) RETURNS TABLE (place bigint, id text, role integer, sees_folder boolean)
LANGUAGE sql STABLE AS $$
    SELECT g.place, g.id, coalesce(a.role, 0), coalesce(a.sees_folder, false)
    FROM unnest(p_entries) WITH ORDINALITY g (id, place) LEFT JOIN LATERAL entry_sight(g.id, p_user) a ON true ORDER BY g.place
$$;

-- A page of what is shared with a user at or below entries, by id: with a folder that he lost, or that moved above what is shared with him,
-- that may have appeared, gone, or be all that is left. What stands below an entry has its owner. A loop, so that no more ways are walked
-- than the page takes.
CREATE FUNCTION feed_below(p_user text, p_roots text[], p_after text, p_limit integer) RETURNS TABLE (id text, role integer, sees_folder boolean)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    owners text[] := (SELECT array_agg(DISTINCT e.owner_id) FROM entries e WHERE e.id = ANY (p_roots));
    told integer := 0;
BEGIN
    FOR id IN SELECT s.entry_id FROM shares s WHERE s.user_id = p_user AND s.owner_id = ANY (owners) AND s.entry_id > p_after ORDER BY s.entry_id LOOP
        EXIT WHEN told >= p_limit;
        IF entry_way(id) && p_roots THEN
            SELECT coalesce(max(a.role), 0), coalesce(bool_or(a.sees_folder), false) INTO role, sees_folder FROM entry_sight(id, p_user) a;
            told := told + 1;
            RETURN NEXT;
        END IF;
    END LOOP;
END $$;

ALTER TABLE webhooks
    -- Why it is disabled: its deliveries failed too often, its receiver said that it is gone, the user wanted it, his password was changed.
    -- NULL where an earlier release did it.
    ADD COLUMN disabled_because text CONSTRAINT webhooks_reason_known CHECK (disabled_because IN ('failing', 'gone', 'user', 'password')),
    ADD CONSTRAINT webhooks_reason_has_time CHECK (disabled_because IS NULL OR disabled_at IS NOT NULL);

-- All webhooks of a user are in one shard, which asks once for all of them whether there is something to tell.
UPDATE webhooks SET shard = ('x' || right(user_id, 1))::bit(4)::integer WHERE right(user_id, 1) ~ '^[0-9a-f]$';

-- create_webhook, told in the audit with the host alone: the rest of a URL may be a secret.
CREATE FUNCTION make_webhook(
    p_id text, p_user text, p_shard integer, p_url text, p_host text, p_secret bytea, p_cursor text, p_count_max integer
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    refusal integer := create_webhook(p_id, p_user, p_shard, p_url, p_secret, p_cursor, p_count_max);
BEGIN
    IF refusal IS NULL THEN
        PERFORM audit_note(p_user, 'webhook-create', NULL, json_build_object('webhookId', p_id, 'host', p_host)::text);
    END IF;
    RETURN refusal;
END $$;

-- Removes a webhook. Returns a refusal or NULL.
CREATE FUNCTION remove_webhook(p_user text, p_id text) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM webhooks WHERE id = p_id AND user_id = p_user;
    IF NOT FOUND THEN
        RETURN 1;
    END IF;
    PERFORM audit_note(p_user, 'webhook-delete', NULL, json_build_object('webhookId', p_id)::text);
    RETURN NULL;
END $$;

-- Disables a webhook, or enables it again, to go on where it was. Returns a refusal or NULL; a repeat changes nothing.
CREATE FUNCTION switch_webhook(p_user text, p_id text, p_enabled boolean) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    w webhooks%ROWTYPE;
BEGIN
    SELECT * INTO w FROM webhooks WHERE id = p_id AND user_id = p_user FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 1;
    END IF;
    IF p_enabled AND w.disabled_at IS NOT NULL THEN
        UPDATE webhooks SET disabled_at = NULL, disabled_because = NULL, attempt_count = 0, failing_since = NULL, next_attempt_at = now() WHERE id = p_id;
        PERFORM audit_note(p_user, 'webhook-enable', NULL, json_build_object('webhookId', p_id)::text);
    ELSIF NOT p_enabled AND w.disabled_at IS NULL THEN
        UPDATE webhooks SET disabled_at = now(), disabled_because = 'user' WHERE id = p_id;
        PERFORM audit_note(p_user, 'webhook-disable', NULL, json_build_object('webhookId', p_id, 'because', 'user')::text);
    END IF;
    RETURN NULL;
END $$;

-- Disables all webhooks of a user. Returns how many were enabled.
CREATE FUNCTION disable_webhooks(p_user text, p_because text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    ids text[] := (SELECT array_agg(w.id) FROM (SELECT id FROM webhooks WHERE user_id = p_user AND disabled_at IS NULL ORDER BY id FOR UPDATE) w);
    one text;
BEGIN
    UPDATE webhooks SET disabled_at = now(), disabled_because = p_because WHERE id = ANY (ids);
    FOREACH one IN ARRAY coalesce(ids, '{}') LOOP
        PERFORM audit_note(p_user, 'webhook-disable', NULL, json_build_object('webhookId', one, 'because', p_because)::text);
    END LOOP;
    RETURN coalesce(cardinality(ids), 0);
END $$;

-- Notes a failed attempt at a place in the feed, and disables the webhook when there were too many, or the receiver is gone. Returns whether
-- it is disabled by that: not when it stands elsewhere by now, or was disabled meanwhile.
CREATE FUNCTION fail_webhook(
    p_id text, p_cursor text, p_outcome text, p_pause interval, p_gone boolean, p_attempts_max integer, p_age_max interval
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    w webhooks%ROWTYPE;
    reason text;
BEGIN
    SELECT * INTO w FROM webhooks WHERE id = p_id AND cursor = p_cursor AND disabled_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    reason := CASE WHEN p_gone THEN 'gone' WHEN w.attempt_count + 1 >= p_attempts_max OR now() - w.failing_since > p_age_max THEN 'failing' END;
    UPDATE webhooks SET attempt_count = attempt_count + 1, failing_since = coalesce(failing_since, now()), next_attempt_at = now() + p_pause,
        last_outcome = p_outcome, disabled_because = reason, disabled_at = CASE WHEN reason IS NOT NULL THEN now() END
    WHERE id = p_id;
    IF reason IS NOT NULL THEN
        PERFORM audit_note(w.user_id, 'webhook-disable', NULL, json_build_object('webhookId', p_id, 'because', reason, 'outcome', p_outcome)::text);
    END IF;
    RETURN reason IS NOT NULL;
END $$;
