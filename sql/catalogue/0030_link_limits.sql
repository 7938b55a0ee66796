-- Limits of links that take files: how many files and bytes come by one, what its unfinished sessions hold of the owner's quota, and for how
-- long. Visits are those sessions: uploads whose uploader is a link (ln-). They end with their link.

ALTER TABLE links
    -- Most files and bytes that come by a link that takes files. Bytes: NULL for any number.
    ADD COLUMN files_max bigint CHECK (files_max >= 1),
    ADD COLUMN bytes_max bigint CHECK (bytes_max >= 1),
    -- What has come by it, whatever became of it since.
    ADD COLUMN files_sent bigint NOT NULL DEFAULT 0 CHECK (files_sent >= 0),
    ADD COLUMN bytes_sent bigint NOT NULL DEFAULT 0 CHECK (bytes_sent >= 0),
    ADD CONSTRAINT links_files_within_limit CHECK (files_sent <= files_max),
    ADD CONSTRAINT links_bytes_within_limit CHECK (bytes_sent <= bytes_max),
    ADD CONSTRAINT links_only_upload_limits_files CHECK (role = 2 OR (files_max IS NULL AND bytes_max IS NULL));
UPDATE links SET files_max = 10000 WHERE role = 2;
ALTER TABLE links ADD CONSTRAINT links_upload_has_file_limit CHECK (role <> 2 OR files_max IS NOT NULL);

-- As before, and a link that takes files has a limit of them, whoever makes it.
CREATE OR REPLACE FUNCTION guard_links() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    entry_kind integer;
BEGIN
    -- What leads nowhere is refused by the foreign key.
    SELECT kind INTO entry_kind FROM entries WHERE id = NEW.entry_id;
    IF entry_kind = 3 THEN
        RAISE EXCEPTION 'a link leads to a file or a folder' USING ERRCODE = 'check_violation', CONSTRAINT = 'links_not_to_shortcuts';
    END IF;
    IF NEW.role = 2 AND entry_kind <> 2 THEN
        RAISE EXCEPTION 'files are put into folders' USING ERRCODE = 'check_violation', CONSTRAINT = 'links_upload_into_folders';
    END IF;
    IF NEW.role = 2 AND (TG_OP = 'INSERT' OR OLD.role <> 2) THEN
        NEW.files_max := coalesce(NEW.files_max, 10000);
    ELSIF NEW.role <> 2 AND TG_OP = 'UPDATE' THEN
        NEW.files_max := NULL;
        NEW.bytes_max := NULL;
    END IF;
    RETURN NEW;
END $$;

-- give_link, with limits of what comes by it; NULL files keep what every link has.
CREATE FUNCTION give_limited_link(
    p_owner text, p_entry text, p_link text, p_token_hash bytea, p_role integer, p_password_hash text, p_expires_at timestamptz,
    p_downloads_max bigint, p_count_max integer, p_files_max bigint, p_bytes_max bigint
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    is_new boolean := NOT EXISTS (SELECT 1 FROM links WHERE id = p_link);
    refusal integer := create_link(p_owner, p_entry, p_link, p_token_hash, p_role, p_password_hash, p_expires_at, p_downloads_max, p_count_max);
BEGIN
    IF refusal IS NULL AND is_new THEN
        UPDATE links SET files_max = coalesce(p_files_max, files_max), bytes_max = p_bytes_max
        WHERE id = p_link AND (p_files_max IS NOT NULL OR p_bytes_max IS NOT NULL);
        PERFORM audit_note(p_owner, 'link-create', p_entry, json_strip_nulls(json_build_object(
            'linkId', p_link, 'role', CASE p_role WHEN 1 THEN 'view' ELSE 'upload' END, 'password', CASE WHEN p_password_hash IS NOT NULL THEN 'yes' END,
            'expiresAt', to_char(p_expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'maxDownloads', p_downloads_max::text,
            'maxFiles', p_files_max::text, 'maxBytes', p_bytes_max::text))::text);
    END IF;
    RETURN refusal;
END $$;

-- As before; not shared with others, since what comes is counted in that row later in the same transaction.
CREATE OR REPLACE FUNCTION link_takes(p_folder text, p_link text, p_holds boolean) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF p_holds THEN
        PERFORM 1 FROM links WHERE id = p_link FOR NO KEY UPDATE;
    END IF;
    RETURN EXISTS (
            SELECT 1 FROM links l WHERE l.id = p_link AND l.entry_id = p_folder AND l.role = 2 AND (l.expires_at IS NULL OR l.expires_at > now()))
        AND entry_is_live(p_folder);
END $$;

-- Each file that a visitor makes counts in the row of his link, whose constraints say when it is enough.
CREATE FUNCTION count_sent_file() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE links SET files_sent = files_sent + 1, bytes_sent = bytes_sent + NEW.size_bytes WHERE id = NEW.made_by;
    RETURN NULL;
END $$;
CREATE TRIGGER file_versions_sent AFTER INSERT ON file_versions FOR EACH ROW WHEN (NEW.made_by LIKE 'ln-%') EXECUTE FUNCTION count_sent_file();

-- What the visits of a link hold grows in one transaction at a time.
CREATE FUNCTION lock_visits(p_link text) RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(hashtextextended('visits of ' || p_link, 0));
$$;

-- Refuses bytes that go beyond what a link may bring, or its visits may hold at once. The caller has taken lock_visits().
CREATE FUNCTION guard_visit_bytes(p_link text, p_added bigint, p_bytes_max bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    l links%ROWTYPE;
    held bigint;
BEGIN
    SELECT * INTO l FROM links WHERE id = p_link;
    SELECT coalesce(sum(reserved_bytes), 0) INTO held FROM uploads WHERE uploader_id = p_link AND state <= 3;
    IF l.bytes_sent + p_added > l.bytes_max THEN
        RAISE EXCEPTION 'the link takes no more bytes' USING ERRCODE = 'GV010', CONSTRAINT = 'links_bytes_within_limit';
    END IF;
    IF p_added > 0 AND (held + p_added > p_bytes_max OR l.bytes_sent + held + p_added > l.bytes_max) THEN
        RAISE EXCEPTION 'visits hold as many bytes as they may' USING ERRCODE = 'GV014', CONSTRAINT = 'visits_bytes_max';
    END IF;
END $$;

-- Refuses one more visit than a link may have, or one for more than it takes. A repeat of one that is there is none more; that the link is
-- gone is for the creation to say.
CREATE FUNCTION guard_visit(p_id text, p_link text, p_size bigint, p_count_max integer, p_bytes_max bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    l links%ROWTYPE;
    open_count bigint;
BEGIN
    IF EXISTS (SELECT 1 FROM uploads WHERE id = p_id) THEN
        RETURN;
    END IF;
    PERFORM lock_visits(p_link);
    SELECT * INTO l FROM links WHERE id = p_link;
    SELECT count(*) INTO open_count FROM uploads WHERE uploader_id = p_link AND state <= 3;
    IF l.files_sent >= l.files_max THEN
        RAISE EXCEPTION 'the link takes no more files' USING ERRCODE = 'GV010', CONSTRAINT = 'links_files_within_limit';
    END IF;
    IF open_count >= p_count_max OR l.files_sent + open_count >= l.files_max THEN
        RAISE EXCEPTION 'there are too many visits' USING ERRCODE = 'GV014', CONSTRAINT = 'visits_count_max';
    END IF;
    PERFORM guard_visit_bytes(p_link, coalesce(p_size, 0), p_bytes_max);
END $$;

-- How long a session lives that somebody opens: one by a link only while bytes come, and no longer than the link.
CREATE FUNCTION visit_lifetime(p_link text, p_lifetime interval, p_idle_max interval) RETURNS interval LANGUAGE sql STABLE AS $$
    SELECT least(p_lifetime, p_idle_max, (SELECT l.expires_at - now() FROM links l WHERE l.id = p_link));
$$;

-- Acknowledges a part of a visit, which gives it time for the next. p_key: the whole object, where there is no multipart upload. False: the
-- session is not open in this epoch any more, or the key is not intended.
CREATE FUNCTION acknowledge_visitor_part(
    p_id text, p_epoch bigint, p_number integer, p_size bigint, p_etag text, p_sha256 bytea, p_key text,
    p_lifetime interval, p_idle_max interval, p_bytes_max bigint
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    u uploads%ROWTYPE;
    known bigint;
BEGIN
    SELECT * INTO u FROM uploads WHERE id = p_id AND coalesce(state, 0) = 1 AND epoch = p_epoch FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    -- After the lock was granted: whatever has ended the link has ended the session's time too.
    IF NOT EXISTS (SELECT 1 FROM links WHERE id = u.uploader_id) THEN
        RAISE EXCEPTION 'the link is gone' USING ERRCODE = 'GV001';
    END IF;
    IF u.size_bytes IS NULL THEN
        PERFORM lock_visits(u.uploader_id);
        SELECT coalesce(sum(size_bytes), 0) INTO known FROM upload_parts WHERE upload_id = p_id AND number = p_number;
        PERFORM guard_visit_bytes(u.uploader_id, p_size - known, p_bytes_max);
        IF NOT acknowledge_growing_part(p_id, p_epoch, p_number, p_size, p_etag, p_sha256) THEN
            RETURN false;
        END IF;
    ELSE
        -- A whole object counts only while its own intent stands: the sweeper may have been faster than a writer that slept.
        PERFORM 1 FROM objects WHERE key = p_key AND coalesce(state, '') = 'intended' FOR SHARE;
        IF NOT FOUND AND p_key IS NOT NULL THEN
            RETURN false;
        END IF;
        INSERT INTO upload_parts (upload_id, number, size_bytes, etag, sha256, object_key) VALUES (p_id, p_number, p_size, p_etag, p_sha256, p_key)
        ON CONFLICT (upload_id, number) DO UPDATE SET
            size_bytes = excluded.size_bytes, etag = excluded.etag, sha256 = excluded.sha256, object_key = excluded.object_key;
    END IF;
    UPDATE uploads SET expires_at = least(u.created_at + p_lifetime, now() + visit_lifetime(u.uploader_id, p_lifetime, p_idle_max))
    WHERE id = p_id;
    RETURN true;
END $$;

-- The visits of a link that is gone hold nothing of the quota any more; the janitor ends them with its next round. One that somebody works on at this moment is left to the janitor: sessions are locked before folders
-- and links, and here those are locked already.
CREATE FUNCTION end_visits(p_link text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    one record;
BEGIN
    FOR one IN
        WITH found AS (
            SELECT id, owner_id, reserved_bytes FROM uploads
            WHERE uploader_id = p_link AND state <= 3 AND (expires_at > now() OR reserved_bytes > 0) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
        ), ended AS (
            UPDATE uploads u SET expires_at = least(u.expires_at, now()), reserved_bytes = 0
            FROM found f WHERE u.id = f.id RETURNING f.owner_id, f.reserved_bytes
        )
        SELECT owner_id, sum(reserved_bytes) AS bytes FROM ended GROUP BY owner_id ORDER BY owner_id
    LOOP
        UPDATE users SET reserved_bytes = reserved_bytes - one.bytes WHERE id = one.owner_id AND one.bytes > 0;
    END LOOP;
END $$;

-- Whatever ends a link: purging, trash that was kept long enough, another owner. When all else of the transaction is done, since the
-- owner's row is locked last.
CREATE FUNCTION end_visits_with_link() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM end_visits(OLD.id);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER links_end_visits AFTER DELETE ON links DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.role = 2)
    EXECUTE FUNCTION end_visits_with_link();

-- As before; what is held of the quota comes back at once.
CREATE OR REPLACE FUNCTION revoke_link(p_user text, p_link text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    entry text;
    granted integer;
BEGIN
    SELECT entry_id INTO entry FROM links WHERE id = p_link;
    SELECT a.role INTO granted FROM entry_access(entry, p_user) a;
    IF coalesce(granted, 0) = 0 THEN
        RETURN 1;
    END IF;
    IF granted < 4 THEN
        RETURN 2;
    END IF;
    -- Waits for those that somebody works on.
    PERFORM 1 FROM uploads WHERE uploader_id = p_link AND state <= 3 ORDER BY id FOR NO KEY UPDATE;
    DELETE FROM links WHERE id = p_link;
    IF NOT FOUND THEN
        RETURN 1;
    END IF;
    -- Here, and not only when the transaction ends: the audit's head is locked after the owner's row.
    PERFORM end_visits(p_link);
    RETURN NULL;
END $$;

-- The time of visits is over whose link has expired, or is gone. Returns how many.
CREATE FUNCTION expire_visits(p_shard integer, p_limit integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    changed integer;
BEGIN
    UPDATE uploads SET expires_at = now() WHERE id IN (
        SELECT u.id FROM uploads u
        WHERE u.uploader_id >= 'ln-' AND u.uploader_id < 'ln.' AND u.state <= 3 AND u.expires_at > now() AND (hashtext(u.id) & 15) = p_shard
            AND NOT EXISTS (SELECT 1 FROM links l WHERE l.id = u.uploader_id AND (l.expires_at IS NULL OR l.expires_at > now()))
        LIMIT p_limit FOR NO KEY UPDATE SKIP LOCKED);
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END $$;
