-- The change feed of a user: his own changes, and those of others below what they share with him. A cursor is a set of (owner, seq):
-- an owner's numbers are taken under the lock of his row and kept to the commit, so they appear in their order, and nothing comes before
-- what was read. What a change is about is looked at when it is read; here stands only whom it concerns.

-- Readers' view of changes. scope: the id of a shared entry that stands above the changed one, or is it; 't:' and a user's id for what
-- concerns him alone, such as a share; 's:' and the owner's id for a folder that moved, or came to or from the trash, since shares below it
-- may have appeared or gone with it. What is below a folder has no rows of its own then: relist says that it is to be listed again.
CREATE TABLE shared_changes (
    scope    text COLLATE "C" NOT NULL,
    owner_id text COLLATE "C" NOT NULL,
    seq      bigint NOT NULL CHECK (seq >= 1),
    entry_id text COLLATE "C" NOT NULL,
    relist   boolean NOT NULL,
    at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (scope, owner_id, seq)
);
CREATE INDEX shared_changes_age ON shared_changes (at);
CREATE INDEX shared_changes_told ON shared_changes (scope, at) WHERE starts_with(scope, 't:');
CREATE INDEX changes_age ON changes (at);

-- Number of the owner's change with which the share began: nobody is told what happened below it before. 0: before there were such numbers.
ALTER TABLE shares ADD COLUMN granted_seq bigint NOT NULL DEFAULT 0;

-- Cursors that are too long for a request. The client holds their digest.
CREATE TABLE feed_cursors (
    user_id text COLLATE "C" NOT NULL,
    digest  bytea NOT NULL CHECK (octet_length(digest) = 32),
    body    text NOT NULL,
    used_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, digest)
);
CREATE INDEX feed_cursors_age ON feed_cursors (used_at);

-- What a transaction has done to an entry that its row of the change, which comes last, has to tell readers of: where the entry stood
-- before, and with whom a share of it began, changed or ended. Written by triggers and taken by that row, so nobody sees anything here but
-- the transaction that wrote it. Whose feeds that means is found out by the row of the change, under the lock of the owner's row: before
-- that a share could begin which nobody would be told of.
CREATE UNLOGGED TABLE feed_hints (
    entry_id     text COLLATE "C" PRIMARY KEY,
    is_moved     boolean NOT NULL,
    -- It has another owner now, and everything below it has a change of its own.
    is_given     boolean NOT NULL DEFAULT false,
    from_parent  text,
    from_deleted timestamptz,
    told_users   text[] NOT NULL DEFAULT '{}'
);

-- Shared entries on the way from an entry to the root, itself included; none when something on the way is in the trash.
CREATE FUNCTION feed_scopes(p_entry text, p_parent text, p_deleted timestamptz) RETURNS text[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    scopes text[] := '{}';
    here text := p_entry;
    above text := p_parent;
    deleted timestamptz := p_deleted;
BEGIN
    FOR depth IN 0 .. folder_depth_max() LOOP
        IF deleted IS NOT NULL THEN
            RETURN '{}';
        END IF;
        IF EXISTS (SELECT 1 FROM shares s WHERE s.entry_id = here) THEN
            scopes := scopes || here;
        END IF;
        EXIT WHEN above IS NULL;
        here := above;
        SELECT e.parent_id, e.deleted_at INTO above, deleted FROM entries e WHERE e.id = here;
        IF NOT FOUND THEN
            RETURN '{}';
        END IF;
    END LOOP;
    RETURN scopes;
END $$;

-- Several steps of one transaction count as one, from where the entry stood before the first.
CREATE FUNCTION hint_moved_entry() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO feed_hints (entry_id, is_moved, is_given, from_parent, from_deleted)
    VALUES (OLD.id, true, TG_OP = 'UPDATE' AND OLD.owner_id <> NEW.owner_id, OLD.parent_id, OLD.deleted_at)
    ON CONFLICT (entry_id) DO UPDATE SET is_moved = true, is_given = feed_hints.is_given OR excluded.is_given,
        from_parent = CASE WHEN feed_hints.is_moved THEN feed_hints.from_parent ELSE excluded.from_parent END,
        from_deleted = CASE WHEN feed_hints.is_moved THEN feed_hints.from_deleted ELSE excluded.from_deleted END;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF OLD.owner_id <> NEW.owner_id THEN
        UPDATE shares SET granted_seq = 0 WHERE entry_id = NEW.id AND user_id <> NEW.owner_id AND granted_seq <> 0;
    END IF;
    RETURN NEW;
END $$;
-- A folder that becomes public, or private, shows or hides where what stands in it is: to readers who see that it stands somewhere, a move.
CREATE TRIGGER entries_moved AFTER UPDATE OF parent_id, deleted_at, owner_id, visibility ON entries FOR EACH ROW
    WHEN (OLD.parent_id IS DISTINCT FROM NEW.parent_id OR OLD.deleted_at IS DISTINCT FROM NEW.deleted_at OR OLD.owner_id <> NEW.owner_id
        OR (NEW.kind = 2 AND OLD.visibility <> NEW.visibility))
    EXECUTE FUNCTION hint_moved_entry();
-- What goes for good from the trash has gone for its readers before.
CREATE TRIGGER entries_gone BEFORE DELETE ON entries FOR EACH ROW WHEN (OLD.deleted_at IS NULL) EXECUTE FUNCTION hint_moved_entry();

CREATE FUNCTION hint_share() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO feed_hints (entry_id, is_moved, told_users)
    VALUES (CASE WHEN TG_OP = 'DELETE' THEN OLD.entry_id ELSE NEW.entry_id END, false, ARRAY[CASE WHEN TG_OP = 'DELETE' THEN OLD.user_id ELSE NEW.user_id END])
    ON CONFLICT (entry_id) DO UPDATE SET told_users = feed_hints.told_users || excluded.told_users;
    RETURN NULL;
END $$;
CREATE TRIGGER shares_changed AFTER INSERT OR DELETE OR UPDATE OF role ON shares FOR EACH ROW EXECUTE FUNCTION hint_share();

-- The one place where readers are told of a change.
CREATE FUNCTION tell_readers() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    e entries%ROWTYPE;
    h feed_hints%ROWTYPE;
    scopes text[] := '{}';
    left_scopes text[] := '{}';
    is_relist boolean := false;
BEGIN
    SELECT * INTO e FROM entries WHERE id = NEW.entry_id;
    IF FOUND THEN
        IF e.owner_id <> NEW.owner_id THEN
            -- Given away: here hear of it those who read what it stood in; the new owner's row tells the others.
            SELECT * INTO h FROM feed_hints WHERE entry_id = NEW.entry_id AND is_moved;
            INSERT INTO shared_changes (scope, owner_id, seq, entry_id, relist, at)
            SELECT x.id, NEW.owner_id, NEW.seq, NEW.entry_id, true, NEW.at
            FROM entries x WHERE x.id = ANY (feed_scopes(NEW.entry_id, h.from_parent, h.from_deleted)) AND x.owner_id = NEW.owner_id;
            RETURN NULL;
        END IF;
        scopes := feed_scopes(e.id, e.parent_id, e.deleted_at);
    END IF;
    DELETE FROM feed_hints WHERE entry_id = NEW.entry_id RETURNING * INTO h;
    IF h.is_moved THEN
        left_scopes := feed_scopes(NEW.entry_id, h.from_parent, h.from_deleted);
        is_relist := NOT (scopes <@ left_scopes AND left_scopes <@ scopes);
        IF h.is_given THEN
            -- What its readers had not yet read of the former owner's changes, they list.
            left_scopes := '{}';
            is_relist := NEW.entry_id = ANY (scopes);
        END IF;
    END IF;
    IF h.entry_id IS NULL AND scopes = '{}' THEN
        RETURN NULL;
    END IF;
    INSERT INTO shared_changes (scope, owner_id, seq, entry_id, relist, at)
    SELECT s.scope, NEW.owner_id, NEW.seq, NEW.entry_id, bool_or(s.relist), NEW.at FROM (
        SELECT unnest(scopes || left_scopes) AS scope, is_relist AS relist
        UNION ALL SELECT 't:' || unnest(h.told_users), true
        UNION ALL SELECT 's:' || NEW.owner_id, false WHERE e.kind = 2 AND h.is_moved AND NOT h.is_given) s
    GROUP BY s.scope;
    UPDATE shares SET granted_seq = NEW.seq WHERE entry_id = NEW.entry_id AND granted_seq = 0 AND user_id = ANY (h.told_users);
    RETURN NULL;
END $$;
CREATE TRIGGER changes_told AFTER INSERT ON changes FOR EACH ROW EXECUTE FUNCTION tell_readers();

-- A hash that was computed later shows in the entry.
CREATE FUNCTION note_hashed_version() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM note_change(e.owner_id, e.id, 2) FROM entries e WHERE e.id = NEW.file_id AND e.current_version = NEW.number;
    RETURN NULL;
END $$;
CREATE TRIGGER file_versions_hashed AFTER UPDATE OF sha256 ON file_versions FOR EACH ROW
    WHEN (OLD.sha256 IS NULL AND NEW.sha256 IS NOT NULL) EXECUTE FUNCTION note_hashed_version();

-- A name for an owner in a cursor that is shorter than his id.
CREATE FUNCTION feed_hash(p_owner text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ('x' || substr(encode(sha256(convert_to(p_owner, 'UTF8')), 'hex'), 1, 16))::bit(64)::bigint
$$;

-- Owners whose changes may concern a user, himself first, with the numbers of their last changes.
CREATE FUNCTION feed_owners(p_user text) RETURNS TABLE (owner_id text, hash bigint, last_seq bigint) LANGUAGE sql STABLE AS $$
    WITH RECURSIVE told AS (
        (SELECT c.owner_id FROM shared_changes c WHERE c.scope = 't:' || p_user ORDER BY c.owner_id LIMIT 1)
        UNION ALL
        SELECT (SELECT c.owner_id FROM shared_changes c WHERE c.scope = 't:' || p_user AND c.owner_id > t.owner_id ORDER BY c.owner_id LIMIT 1)
        FROM told t WHERE t.owner_id IS NOT NULL
    ), owners AS (
        SELECT p_user AS id
        UNION SELECT t.owner_id FROM told t WHERE t.owner_id IS NOT NULL
        UNION SELECT e.owner_id FROM shares s JOIN entries e ON e.id = s.entry_id WHERE s.user_id = p_user
    )
    SELECT o.id, feed_hash(o.id), coalesce(u.change_seq, 0) FROM owners o LEFT JOIN users u ON u.id = o.id ORDER BY o.id <> p_user, o.id;
$$;

-- What a user's feed has after these positions: at most p_limit changes, those of one owner in their order and those of several in turn.
-- First comes a row without an entry for each owner: up to where he has been looked at with this page, whether there is more of him, and
-- whether his feed does not reach as far as the position, as after a restore of the database. An owner whose position is not given was none
-- of the user's then. Rows and numbers are of one snapshot.
CREATE FUNCTION read_feed(p_user text, p_hashes bigint[], p_positions bigint[], p_limit integer)
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
        FROM shares s JOIN entries e ON e.id = s.entry_id JOIN busy b ON b.owner_id = e.owner_id WHERE s.user_id = p_user
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

-- What a user may do now with entries that changed. With a folder that he lost, or that moved above what is shared with him
-- (p_shapes), comes what is shared with him below it, which may have appeared, gone, or be all that is left: at most p_limit.
CREATE FUNCTION feed_states(p_user text, p_entries text[], p_shapes text[], p_limit integer)
RETURNS TABLE (place bigint, id text, role integer, sees_folder boolean, is_share boolean) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
    lost text[];
BEGIN
    RETURN QUERY
    SELECT g.place, g.id, coalesce(a.role, 0), coalesce(a.sees_folder, false), false
    FROM unnest(p_entries) WITH ORDINALITY g (id, place) LEFT JOIN LATERAL entry_sight(g.id, p_user) a ON true ORDER BY g.place;
    SELECT p_shapes || coalesce(array_agg(g.id), '{}'::text[]) INTO lost
    FROM unnest(p_entries) g (id) CROSS JOIN LATERAL entry_access(g.id, p_user) a WHERE a.role < 2;
    IF lost = '{}' THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH RECURSIVE way AS (
        SELECT s.entry_id AS share, s.entry_id AS here, 0 AS depth FROM shares s WHERE s.user_id = p_user
        UNION ALL
        SELECT w.share, e.parent_id, w.depth + 1 FROM way w JOIN entries e ON e.id = w.here
        WHERE e.parent_id IS NOT NULL AND w.depth <= folder_depth_max()
    ), below AS (
        SELECT DISTINCT w.share FROM way w WHERE w.here = ANY (lost) LIMIT p_limit
    )
    SELECT 0::bigint, b.share, coalesce(a.role, 0), coalesce(a.sees_folder, false), true
    FROM below b LEFT JOIN LATERAL entry_sight(b.share, p_user) a ON true ORDER BY b.share;
END $$;

-- Removes what is older than cursors live, from the beginning of feeds, so that they have no holes. Returns how many rows went.
CREATE FUNCTION prune_feed(p_age interval, p_limit integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    gone integer;
    total integer := 0;
BEGIN
    DELETE FROM changes c USING (
        SELECT o.owner_id, y.seq FROM (
            SELECT DISTINCT x.owner_id FROM (SELECT owner_id FROM changes WHERE at < now() - p_age ORDER BY at LIMIT p_limit) x) o
        CROSS JOIN LATERAL (
            SELECT z.seq FROM changes z WHERE z.owner_id = o.owner_id AND z.seq < coalesce((
                SELECT k.seq FROM changes k WHERE k.owner_id = o.owner_id AND k.at >= now() - p_age ORDER BY k.seq LIMIT 1), 9223372036854775807)
            ORDER BY z.seq LIMIT p_limit) y) old
    WHERE c.owner_id = old.owner_id AND c.seq = old.seq;
    GET DIAGNOSTICS total = ROW_COUNT;
    DELETE FROM shared_changes WHERE (scope, owner_id, seq) IN (
        SELECT scope, owner_id, seq FROM shared_changes WHERE at < now() - p_age ORDER BY at LIMIT p_limit);
    GET DIAGNOSTICS gone = ROW_COUNT;
    total := total + gone;
    DELETE FROM feed_cursors WHERE (user_id, digest) IN (
        SELECT user_id, digest FROM feed_cursors WHERE used_at < now() - p_age ORDER BY used_at LIMIT p_limit);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN total + gone;
END $$;
