-- The ledger alone decides whose an entry is: what somebody believes who was its owner a moment ago changes nothing, and is not read either.

ALTER TABLE transfers
    -- When the offer was last begun to be taken. From then on grains remember nothing of whose it was, and have forgotten what they did by the
    -- time at which it is taken, so that the former owner reads as nothing more from memory. Good for two minutes.
    ADD COLUMN taking_at timestamptz,
    ADD CONSTRAINT transfers_taken_are_no_offers CHECK (taking_at IS NULL OR accepted_at IS NULL);
CREATE INDEX transfers_taking ON transfers (from_id) WHERE taking_at IS NOT NULL;

-- As accept_transfer was, for who has told the grains of p_told, which were listed at p_listed_at, when the taking had begun. What was there
-- by then and came below the entry since is the result of refusal -1: its grains are to be told first. What was made since is not remembered.
-- Offers of what is below the entry end, and the audit says so.
CREATE FUNCTION take_transfer(
    p_user text, p_quota bigint, p_entry text, p_names text[], p_name_keys text[], p_count_max integer, p_told text[], p_listed_at timestamptz
) RETURNS TABLE (refusal integer, ids text[]) LANGUAGE plpgsql AS $$
DECLARE
    t transfers%ROWTYPE;
    e entries%ROWTYPE;
    level text[];
    below text[];
    late text[];
    keys text[];
    ended text[];
    ended_to text[];
    added bigint;
    freed bigint;
    from_seq bigint;
    to_seq bigint;
    n integer := 1;
BEGIN
    SELECT * INTO t FROM transfers WHERE entry_id = p_entry AND to_id = p_user AND accepted_at IS NULL AND expires_at > now();
    IF NOT FOUND THEN
        RETURN QUERY SELECT 1, NULL::text[];
        RETURN;
    END IF;
    IF p_told IS NOT NULL AND coalesce(t.taking_at <= now() - interval '1 minute', true) THEN
        RETURN QUERY SELECT 15, NULL::text[];
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
    IF p_told IS NOT NULL THEN
        SELECT array_agg(x.id) INTO late FROM unnest(ids) AS i (id) JOIN entries x ON x.id = i.id LEFT JOIN unnest(p_told) AS told (id) ON told.id = i.id
        WHERE told.id IS NULL AND x.created_at < p_listed_at;
        IF late IS NOT NULL THEN
            RETURN QUERY SELECT -1, late;
            RETURN;
        END IF;
    END IF;
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
    WITH gone AS (
        DELETE FROM transfers x WHERE x.entry_id = ANY (ids) AND x.entry_id <> p_entry AND x.accepted_at IS NULL RETURNING x.entry_id, x.to_id)
    SELECT array_agg(gone.entry_id), array_agg(gone.to_id) INTO ended, ended_to FROM gone;
    UPDATE transfers x SET accepted_at = now(), taking_at = NULL, entry_ids = ids WHERE x.entry_id = p_entry;

    PERFORM ensure_user(t.to_id, p_quota) WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = t.to_id);
    PERFORM 1 FROM users WHERE id IN (t.from_id, t.to_id) ORDER BY id FOR NO KEY UPDATE;
    UPDATE users SET used_bytes = used_bytes - freed, change_seq = change_seq + cardinality(ids) WHERE id = t.from_id RETURNING change_seq INTO from_seq;
    UPDATE users SET used_bytes = used_bytes + added, change_seq = change_seq + cardinality(ids)
    WHERE id = t.to_id AND used_bytes + reserved_bytes + added <= quota_bytes RETURNING change_seq INTO to_seq;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'quota exceeded' USING ERRCODE = 'GV010';
    END IF;
    -- One statement, so that the audit locks the heads of both chains in the order of owners, whoever gives to whom. What went comes first:
    -- readers of the former owner hear of it while it is known where it stood.
    INSERT INTO changes (owner_id, seq, entry_id, kind)
    SELECT moved.owner, moved.seq, moved.entry, moved.kind FROM (
        SELECT 1 AS turn, place, t.from_id AS owner, from_seq - place + 1 AS seq, entry, 5 AS kind FROM unnest(ids) WITH ORDINALITY AS gone (entry, place)
        UNION ALL
        SELECT 2, place, t.to_id, to_seq - cardinality(ids) + place, entry, 1 FROM unnest(ids) WITH ORDINALITY AS come (entry, place)) moved
    ORDER BY moved.turn, moved.place;
    PERFORM audit_note(t.from_id, 'transfer-end', o.entry, json_build_object('userId', o.receiver, 'reason', 'transfer')::text)
    FROM unnest(ended, ended_to) AS o (entry, receiver);
    RETURN NEXT;
END $$;

-- For programs that tell grains afterwards alone.
CREATE OR REPLACE FUNCTION accept_transfer(p_user text, p_quota bigint, p_entry text, p_names text[], p_name_keys text[], p_count_max integer)
RETURNS TABLE (refusal integer, ids text[]) LANGUAGE sql AS $$
    SELECT a.refusal, a.ids FROM take_transfer(p_user, p_quota, p_entry, p_names, p_name_keys, p_count_max, NULL, NULL) a;
$$;

-- As before, and the audit says from whom an open offer was taken back by the new one.
CREATE OR REPLACE FUNCTION give_transfer(p_owner text, p_entry text, p_to text, p_lifetime interval, p_count_max integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    former text := (SELECT x.to_id FROM transfers x WHERE x.entry_id = p_entry AND x.accepted_at IS NULL AND x.expires_at > now());
    refusal integer := offer_transfer(p_owner, p_entry, p_to, p_lifetime, p_count_max);
BEGIN
    IF refusal IS NULL THEN
        PERFORM audit_note(p_owner, 'transfer-offer', p_entry, json_strip_nulls(json_build_object('userId', p_to, 'instead', nullif(former, p_to)))::text);
    END IF;
    RETURN refusal;
END $$;

-- Removes offers that nobody took in their time, at most p_limit. Returns how many.
CREATE FUNCTION expire_transfers(p_limit integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    entries_of text[];
    from_ids text[];
    to_ids text[];
BEGIN
    WITH due AS (
        SELECT x.entry_id FROM transfers x WHERE x.accepted_at IS NULL AND x.expires_at <= now() ORDER BY x.expires_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM transfers x USING due WHERE x.entry_id = due.entry_id RETURNING x.entry_id, x.from_id, x.to_id
    )
    SELECT array_agg(g.entry_id ORDER BY g.from_id, g.entry_id), array_agg(g.from_id ORDER BY g.from_id, g.entry_id),
        array_agg(g.to_id ORDER BY g.from_id, g.entry_id) INTO entries_of, from_ids, to_ids FROM gone g;
    -- In the order of owners, as heads of chains are locked.
    FOR i IN 1 .. coalesce(cardinality(entries_of), 0) LOOP
        PERFORM audit_note(from_ids[i], 'transfer-end', entries_of[i], json_build_object('userId', to_ids[i], 'reason', 'expired')::text);
    END LOOP;
    RETURN coalesce(cardinality(entries_of), 0);
END $$;

-- Ends a share, by the owner of the entry or by whom it is shared with, as the ledger has it now. Returns a refusal or NULL.
CREATE FUNCTION end_share(p_actor text, p_entry text, p_user text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    owner text;
BEGIN
    SELECT owner_id INTO owner FROM entries WHERE id = p_entry FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN 1;
    END IF;
    IF p_actor <> owner AND p_actor <> p_user THEN
        RETURN 2;
    END IF;
    DELETE FROM shares WHERE entry_id = p_entry AND user_id = p_user;
    IF NOT FOUND THEN
        RETURN 1;
    END IF;
    PERFORM note_change(owner, p_entry, 2);
    RETURN NULL;
END $$;

-- As before, but nothing happens when the entry is not the owner's any more.
CREATE OR REPLACE FUNCTION remove_share(p_owner text, p_entry text, p_user text) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM entries WHERE id = p_entry AND owner_id = p_owner FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN 1;
    END IF;
    RETURN end_share(p_owner, p_entry, p_user);
END $$;

-- As before, and whose the entry is, is looked at again under its lock.
CREATE OR REPLACE FUNCTION restore_entry(p_owner text, p_entry text, p_names text[], p_name_keys text[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    e entries%ROWTYPE;
    parent text;
    kept text;
    i integer := 1;
BEGIN
    SELECT * INTO e FROM entries WHERE id = p_entry;
    IF NOT FOUND OR e.owner_id <> p_owner THEN
        RETURN 1;
    END IF;
    IF e.kind = 2 THEN
        PERFORM lock_folders(p_owner);
    END IF;
    SELECT parent_id INTO parent FROM entries WHERE id = p_entry;
    IF parent IS NOT NULL AND folder_is_live(p_owner, parent) THEN
        kept := parent;
    END IF;
    SELECT * INTO e FROM entries WHERE id = p_entry FOR NO KEY UPDATE;
    IF NOT FOUND OR e.owner_id <> p_owner OR e.purging_at IS NOT NULL OR entry_is_purged(p_entry) THEN
        RETURN 1;
    END IF;
    IF e.parent_id IS DISTINCT FROM parent THEN
        RAISE EXCEPTION 'the entry was moved meanwhile' USING ERRCODE = 'serialization_failure';
    END IF;
    IF e.deleted_at IS NULL AND kept IS NOT DISTINCT FROM parent THEN
        RETURN NULL;
    END IF;
    WHILE name_is_taken(p_owner, kept, p_name_keys[i]) LOOP
        i := i + 1;
        IF i > array_length(p_names, 1) THEN
            RETURN 4;
        END IF;
    END LOOP;
    UPDATE entries SET deleted_at = NULL, parent_id = kept, name = p_names[i], name_key = p_name_keys[i], version = version + 1 WHERE id = p_entry;
    PERFORM note_change(p_owner, p_entry, 4);
    RETURN NULL;
END $$;

-- As before, but for what has another owner by the time at which it is locked.
CREATE OR REPLACE FUNCTION list_emptying(p_owner text, p_limit integer) RETURNS TABLE (id text, is_folder boolean, trashed_at timestamptz) LANGUAGE plpgsql AS $$
DECLARE
    until timestamptz;
    listed text[];
BEGIN
    SELECT u.trash_emptied_at INTO until FROM users u WHERE u.id = p_owner;
    IF until IS NULL THEN
        RETURN;
    END IF;
    SELECT array_agg(l.id) INTO listed FROM (
        SELECT e.id FROM entries e WHERE e.owner_id = p_owner AND e.deleted_at <= until AND (e.purging_at IS NULL OR e.kind <> 2)
        ORDER BY e.deleted_at DESC, e.id DESC LIMIT p_limit) l;
    RETURN QUERY SELECT e.id, e.kind = 2, e.deleted_at FROM entries e
        WHERE e.id = ANY (listed) AND e.owner_id = p_owner AND coalesce(e.deleted_at, 'infinity') <= until ORDER BY e.id FOR UPDATE;
    UPDATE entries e SET purging_at = now(), version = version + 1
    WHERE e.id = ANY (listed) AND e.owner_id = p_owner AND e.kind <> 2 AND coalesce(e.deleted_at, 'infinity') <= until AND e.purging_at IS NULL;
    IF listed IS NULL THEN
        -- Something may have been asked for since.
        UPDATE users u SET trash_emptied_at = NULL WHERE u.id = p_owner AND u.trash_emptied_at = until;
    END IF;
END $$;

-- Wrong proofs of possession of a user since the hour began that he gave the first in.
CREATE TABLE possession_tries (
    user_id  text COLLATE "C" PRIMARY KEY CHECK (user_id ~ '^u-[0-9a-f-]{36}$'),
    began_at timestamptz NOT NULL,
    tries    integer NOT NULL CHECK (tries >= 0)
) WITH (fillfactor = 70);

-- Counts a proof before it is looked at; one that turns out to be right is given back. NULL: it may be looked at. 0: the session has had its
-- proofs, or is no longer ours or open. Otherwise in how many seconds the user may give another.
CREATE FUNCTION count_proof(p_id text, p_epoch bigint, p_session_max integer, p_hour_max integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    who text;
BEGIN
    SELECT owner_id INTO who FROM uploads
    WHERE id = p_id AND epoch = p_epoch AND coalesce(state, 0) = 1 AND proof_count < p_session_max FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    INSERT INTO possession_tries AS t (user_id, began_at, tries) VALUES (who, now(), 1)
    ON CONFLICT (user_id) DO UPDATE SET
        began_at = CASE WHEN t.began_at <= now() - interval '1 hour' THEN now() ELSE t.began_at END,
        tries = CASE WHEN t.began_at <= now() - interval '1 hour' THEN 1 ELSE t.tries + 1 END
    WHERE t.began_at <= now() - interval '1 hour' OR t.tries < p_hour_max;
    IF NOT FOUND THEN
        RETURN (SELECT least(3600, greatest(1, ceil(extract(epoch FROM t.began_at + interval '1 hour' - now()))))::integer
            FROM possession_tries t WHERE t.user_id = who);
    END IF;
    UPDATE uploads SET proof_count = proof_count + 1 WHERE id = p_id;
    RETURN NULL;
END $$;

-- Who acts in this transaction, and from where.
CREATE FUNCTION audit_by() RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(nullif(current_setting('gv.audit', true), ''), '{}')::jsonb;
$$;

-- Sessions of others than the owner take the owner's quota, so that his audit tells when they begin and when they end without a file. Called
-- last in the transaction that has opened it; one that was there before is none that begins. Who comes by a link is nobody in particular and may
-- begin and give up as often as he likes: from one address that makes one row in 10 minutes, and its end only when a user ends it.
CREATE FUNCTION note_begun_upload(p_id text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    u uploads%ROWTYPE;
    target text;
BEGIN
    SELECT * INTO u FROM uploads WHERE id = p_id AND uploader_id IS NOT NULL AND created_at = now();
    IF NOT FOUND THEN
        RETURN;
    END IF;
    target := CASE WHEN u.is_new_file THEN u.parent_id ELSE u.file_id END;
    IF u.uploader_id LIKE 'ln-%' AND EXISTS (
            SELECT 1 FROM audit a WHERE a.entry_id = target AND a.at > now() - interval '10 minutes' AND a.action = 'upload-begin'
            AND a.actor_id = u.uploader_id AND a.address IS NOT DISTINCT FROM audit_by() ->> 'address') THEN
        RETURN;
    END IF;
    PERFORM audit_note(u.owner_id, 'upload-begin', target,
        json_strip_nulls(json_build_object('uploadId', u.id, 'name', u.name, 'size', u.size_bytes::text))::text);
END $$;
CREATE FUNCTION close_upload(p_id text, p_state integer, p_failure integer, p_from_completing boolean, p_if_due boolean)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    u uploads%ROWTYPE;
    ended integer;
BEGIN
    SELECT * INTO u FROM uploads WHERE id = p_id FOR UPDATE;
    ended := end_upload(p_id, p_state, p_failure, p_from_completing, p_if_due);
    IF u.state <= 3 AND ended > 4 AND u.uploader_id IS NOT NULL AND (u.uploader_id NOT LIKE 'ln-%' OR audit_by() ->> 'by' = 'user') THEN
        PERFORM audit_note(u.owner_id, 'upload-end', CASE WHEN u.is_new_file THEN u.parent_id ELSE u.file_id END,
            json_build_object('uploadId', u.id, 'uploaderId', u.uploader_id, 'name', u.name,
                'reason', CASE WHEN p_failure IS NOT NULL THEN 'failed' WHEN ended = 6 THEN 'expired' ELSE 'aborted' END)::text);
    END IF;
    RETURN ended;
END $$;

-- As before, told to the audit as every end is.
CREATE OR REPLACE FUNCTION fail_completion(p_id text, p_epoch bigint, p_state integer, p_failure integer) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM uploads WHERE id = p_id AND epoch = p_epoch FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    RETURN close_upload(p_id, p_state, p_failure, true, false);
END $$;
