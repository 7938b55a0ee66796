-- Who did what to what, from where: one chain of rows for each owner. Each row's hash covers the row and the hash before it, and the head
-- of the chain stands in a table of its own, so a row that was changed, removed, put in between, swapped or cut off at the end is found
-- (grainvault audit verify). Rows are written in the transaction of the change that they tell of, while the owner's row is locked by it.

CREATE TABLE audit_heads (
    owner_id    text COLLATE "C" PRIMARY KEY,
    seq         bigint NOT NULL CHECK (seq >= 0),
    hash        bytea NOT NULL CHECK (octet_length(hash) = 32),
    at          timestamptz NOT NULL,
    -- The last row that was removed by age, and its hash: with it the chain begins now.
    pruned_seq  bigint NOT NULL DEFAULT 0,
    pruned_hash bytea NOT NULL CHECK (octet_length(pruned_hash) = 32),
    CONSTRAINT audit_heads_checkpoint_in_chain CHECK (pruned_seq BETWEEN 0 AND seq)
) WITH (fillfactor = 50);

CREATE TABLE audit (
    owner_id   text COLLATE "C" NOT NULL,
    seq        bigint NOT NULL CHECK (seq >= 1),
    -- PostgreSQL's clock, but never before the row before it.
    at         timestamptz NOT NULL,
    -- unknown: written by something that does not say who it is, such as another program or an earlier release.
    actor_kind text NOT NULL CHECK (actor_kind IN ('user', 'link', 'visitor', 'system', 'operator', 'unknown')),
    actor_id   text COLLATE "C" CHECK (octet_length(actor_id) <= 64),
    action     text NOT NULL CHECK (action ~ '^[a-z][a-z0-9-]{0,39}$'),
    entry_id   text COLLATE "C" CHECK (octet_length(entry_id) <= 64),
    -- As it was then.
    entry_name text CHECK (octet_length(entry_name) <= 255),
    -- A flat JSON object of strings.
    detail     text CHECK (octet_length(detail) <= 8000),
    address    text CHECK (octet_length(address) <= 64),
    agent      text CHECK (octet_length(agent) <= 256),
    request_id text CHECK (octet_length(request_id) <= 128),
    trace_id   text CHECK (octet_length(trace_id) <= 64),
    hash       bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (owner_id, seq)
);
CREATE INDEX audit_times ON audit (at, owner_id, seq);
CREATE INDEX audit_entries ON audit (entry_id, at, owner_id, seq) WHERE entry_id IS NOT NULL;

-- Rows stay as they were written. What was pruned by age goes, once the checkpoint says so.
CREATE FUNCTION guard_audit() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'audit' THEN
        IF EXISTS (SELECT 1 FROM audit_heads h WHERE h.owner_id = OLD.owner_id AND OLD.seq <= h.pruned_seq) THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'the audit is append-only' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'audit_append_only';
END $$;
CREATE TRIGGER audit_guard BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION guard_audit();
CREATE TRIGGER audit_guard_all BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION guard_audit();
CREATE TRIGGER audit_heads_guard BEFORE UPDATE ON audit_heads FOR EACH ROW
    WHEN (NEW.owner_id <> OLD.owner_id OR NEW.seq < OLD.seq OR NEW.pruned_seq < OLD.pruned_seq) EXECUTE FUNCTION guard_audit();
CREATE TRIGGER audit_heads_guard_deletion BEFORE DELETE ON audit_heads FOR EACH ROW EXECUTE FUNCTION guard_audit();
CREATE TRIGGER audit_heads_guard_all BEFORE TRUNCATE ON audit_heads FOR EACH STATEMENT EXECUTE FUNCTION guard_audit();

-- The canonical form of a row is text: "gv-audit-1,", the hash before it in hexadecimal, a comma, and then every field as
-- <octets>:<value>, or as "-," where it is NULL, in the order owner, seq, time in microseconds since 1970, kind and id of the actor,
-- action, entry, name, detail, address, agent, request, trace. Its SHA-256 in UTF-8 is the row's hash; before the first row it is zeros.
CREATE FUNCTION audit_field(p_value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(octet_length(p_value) || ':' || p_value, '-') || ',';
$$;
CREATE FUNCTION audit_hash(
    p_before bytea, p_owner text, p_seq bigint, p_at timestamptz, p_actor_kind text, p_actor text, p_action text, p_entry text, p_name text,
    p_detail text, p_address text, p_agent text, p_request text, p_trace text
) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT sha256(convert_to('gv-audit-1,' || encode(p_before, 'hex') || ','
        || audit_field(p_owner) || audit_field(p_seq::text) || audit_field((extract(epoch FROM p_at) * 1000000)::bigint::text)
        || audit_field(p_actor_kind) || audit_field(p_actor) || audit_field(p_action) || audit_field(p_entry) || audit_field(p_name)
        || audit_field(p_detail) || audit_field(p_address) || audit_field(p_agent) || audit_field(p_request) || audit_field(p_trace), 'UTF8'));
$$;

-- Appends rows to an owner's chain. Who and from where comes from gv.audit, which the caller has set for this transaction: a JSON object
-- with by and id of the actor, address, agent, request, trace, and optionally do and with, the action and its details.
CREATE FUNCTION audit_extend(p_owner text, p_actions text[], p_entries text[], p_names text[], p_detail text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    context jsonb := coalesce(nullif(current_setting('gv.audit', true), ''), '{}')::jsonb;
    head audit_heads%ROWTYPE;
    actor_kind text := coalesce(context ->> 'by', 'unknown');
    actor text := left(context ->> 'id', 64);
    address text := left(context ->> 'address', 64);
    agent text := left(context ->> 'agent', 256);
    request text := left(context ->> 'request', 128);
    trace text := left(context ->> 'trace', 64);
BEGIN
    SELECT * INTO head FROM audit_heads WHERE owner_id = p_owner FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO audit_heads (owner_id, seq, hash, at, pruned_hash)
        VALUES (p_owner, 0, decode(repeat('00', 32), 'hex'), clock_timestamp(), decode(repeat('00', 32), 'hex')) ON CONFLICT DO NOTHING;
        SELECT * INTO head FROM audit_heads WHERE owner_id = p_owner FOR UPDATE;
    END IF;
    -- After the lock, so that times go up along the chain.
    head.at := greatest(head.at, clock_timestamp());
    FOR i IN 1 .. array_length(p_actions, 1) LOOP
        head.seq := head.seq + 1;
        head.hash := audit_hash(head.hash, p_owner, head.seq, head.at, actor_kind, actor, p_actions[i], p_entries[i], p_names[i], p_detail,
            address, agent, request, trace);
        INSERT INTO audit (owner_id, seq, at, actor_kind, actor_id, action, entry_id, entry_name, detail, address, agent, request_id, trace_id, hash)
        VALUES (p_owner, head.seq, head.at, actor_kind, actor, p_actions[i], p_entries[i], p_names[i], p_detail, address, agent, request, trace,
            head.hash);
    END LOOP;
    UPDATE audit_heads SET seq = head.seq, hash = head.hash, at = head.at WHERE owner_id = p_owner;
END $$;

-- Names of what was removed for good are remembered with its id, so that the audit can tell them.
ALTER TABLE removed_entries ADD COLUMN name text;
CREATE OR REPLACE FUNCTION remember_removed_entries() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO removed_entries (id, name) SELECT id, name FROM removed ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

-- Every change in an owner's feed is one in the audit too. Its number comes from the owner's row, so that row is locked by now.
-- An empty action says that it is none of anybody, such as a checksum that was computed later.
CREATE FUNCTION audit_changes() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    context jsonb := coalesce(nullif(current_setting('gv.audit', true), ''), '{}')::jsonb;
    one record;
BEGIN
    IF context ->> 'do' = '' THEN
        RETURN NULL;
    END IF;
    FOR one IN
        SELECT told.owner_id, array_agg(told.action ORDER BY told.seq) AS actions, array_agg(told.entry_id ORDER BY told.seq) AS entries,
            array_agg(told.name ORDER BY told.seq) AS names
        FROM (
            SELECT a.owner_id, a.seq, a.entry_id,
                coalesce(context ->> 'do', CASE a.kind WHEN 1 THEN 'create' WHEN 3 THEN 'trash' WHEN 4 THEN 'restore' WHEN 5 THEN 'purge'
                    ELSE 'change' END) AS action,
                coalesce((SELECT e.name FROM entries e WHERE e.id = a.entry_id), (SELECT r.name FROM removed_entries r WHERE r.id = a.entry_id)) AS name
            FROM added a) told
        GROUP BY told.owner_id ORDER BY told.owner_id
    LOOP
        PERFORM audit_extend(one.owner_id, one.actions, one.entries, one.names, left(context ->> 'with', 2000));
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER changes_audited AFTER INSERT ON changes REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION audit_changes();

-- Appends what changes nothing in the feed: sign-ins, downloads, links. Last in a transaction, since it locks the head of the chain.
-- p_entry may be NULL. do and with of gv.audit are left to what the feed tells.
CREATE FUNCTION audit_note(p_owner text, p_action text, p_entry text, p_detail text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM audit_extend(p_owner, ARRAY[p_action], ARRAY[p_entry], ARRAY[coalesce(
        (SELECT name FROM entries WHERE id = p_entry), (SELECT name FROM removed_entries WHERE id = p_entry))], left(p_detail, 2000));
END $$;

-- The same for what was put down elsewhere before it is written here, with the context that it had then.
CREATE FUNCTION audit_note_later(p_context text, p_owner text, p_action text, p_entry text, p_detail text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('gv.audit', p_context, true);
    PERFORM audit_note(p_owner, p_action, p_entry, p_detail);
END $$;

-- Removes the oldest rows of a chain that were written before p_before, at most p_limit. The last of them becomes the checkpoint, which a
-- row at the end of the chain repeats: nobody can move it without writing the whole chain anew. Returns how many rows went.
CREATE FUNCTION audit_prune(p_owner text, p_before timestamptz, p_limit integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    head audit_heads%ROWTYPE;
    last record;
    count integer;
BEGIN
    SELECT * INTO head FROM audit_heads WHERE owner_id = p_owner FOR UPDATE;
    SELECT old.seq, old.hash INTO last FROM (
        SELECT seq, at, hash FROM audit WHERE owner_id = p_owner AND seq > head.pruned_seq ORDER BY seq LIMIT p_limit) old
    WHERE old.at < p_before ORDER BY old.seq DESC LIMIT 1;
    IF last.seq IS NULL THEN
        RETURN 0;
    END IF;
    UPDATE audit_heads SET pruned_seq = last.seq, pruned_hash = last.hash WHERE owner_id = p_owner;
    DELETE FROM audit WHERE owner_id = p_owner AND seq > head.pruned_seq AND seq <= last.seq;
    GET DIAGNOSTICS count = ROW_COUNT;
    PERFORM audit_note(p_owner, 'audit-prune', NULL, json_build_object('through', last.seq::text, 'hash', encode(last.hash, 'hex'))::text);
    RETURN count;
END $$;

-- Number of the last row that was written before a time: times go up along a chain, so halving finds it.
CREATE FUNCTION audit_seq_before(p_owner text, p_time timestamptz) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    low bigint;
    high bigint;
    middle bigint;
    here timestamptz;
BEGIN
    SELECT pruned_seq, seq INTO low, high FROM audit_heads WHERE owner_id = p_owner;
    WHILE low < high LOOP
        middle := (low + high + 1) / 2;
        SELECT at INTO here FROM audit WHERE owner_id = p_owner AND seq = middle;
        IF here < p_time THEN
            low := middle;
        ELSE
            high := middle - 1;
        END IF;
    END LOOP;
    RETURN low;
END $$;

-- Links change nothing in the feed, so these tell the audit: create_link and revoke_link for everybody who makes or ends one. The note comes
-- last, since it locks the head of the chain.
CREATE FUNCTION give_link(
    p_owner text, p_entry text, p_link text, p_token_hash bytea, p_role integer, p_password_hash text, p_expires_at timestamptz,
    p_downloads_max bigint, p_count_max integer
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    is_new boolean := NOT EXISTS (SELECT 1 FROM links WHERE id = p_link);
    refusal integer := create_link(p_owner, p_entry, p_link, p_token_hash, p_role, p_password_hash, p_expires_at, p_downloads_max, p_count_max);
BEGIN
    IF refusal IS NULL AND is_new THEN
        PERFORM audit_note(p_owner, 'link-create', p_entry, json_strip_nulls(json_build_object(
            'linkId', p_link, 'role', CASE p_role WHEN 1 THEN 'view' ELSE 'upload' END, 'password', CASE WHEN p_password_hash IS NOT NULL THEN 'yes' END,
            'expiresAt', to_char(p_expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'maxDownloads', p_downloads_max::text))::text);
    END IF;
    RETURN refusal;
END $$;
CREATE FUNCTION take_link_back(p_user text, p_link text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    entry text := (SELECT entry_id FROM links WHERE id = p_link);
    refusal integer := revoke_link(p_user, p_link);
BEGIN
    IF refusal IS NULL THEN
        PERFORM audit_note(p_user, 'link-revoke', entry, json_build_object('linkId', p_link)::text);
    END IF;
    RETURN refusal;
END $$;

-- The same for offers of ownership; taking one is in the feeds of both.
CREATE FUNCTION give_transfer(p_owner text, p_entry text, p_to text, p_lifetime interval, p_count_max integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    refusal integer := offer_transfer(p_owner, p_entry, p_to, p_lifetime, p_count_max);
BEGIN
    IF refusal IS NULL THEN
        PERFORM audit_note(p_owner, 'transfer-offer', p_entry, json_build_object('userId', p_to)::text);
    END IF;
    RETURN refusal;
END $$;

-- Changes a quota, also to less than is used. The row is made where only the account is there yet.
CREATE FUNCTION set_quota(p_user text, p_quota bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    former bigint;
BEGIN
    INSERT INTO users (id, quota_bytes) VALUES (p_user, p_quota) ON CONFLICT DO NOTHING;
    SELECT quota_bytes INTO former FROM users WHERE id = p_user FOR NO KEY UPDATE;
    UPDATE users SET quota_bytes = p_quota WHERE id = p_user;
    PERFORM audit_note(p_user, 'quota', NULL, json_build_object('quotaBytes', p_quota::text, 'before', former::text)::text);
END $$;
