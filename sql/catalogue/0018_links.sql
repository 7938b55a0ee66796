-- Links: whoever has the token of one reads a file or a folder, or puts files into a folder, without an account. Only the token's hash is
-- kept, so that nobody who reads the database can use a link. role: 1 view, 2 upload.
CREATE TABLE links (
    id             text COLLATE "C" PRIMARY KEY CHECK (id ~ '^ln-[0-9a-f-]{36}$'),
    entry_id       text COLLATE "C" NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    -- SHA-256 of the token.
    token_hash     bytea NOT NULL CHECK (octet_length(token_hash) = 32),
    role           smallint NOT NULL CHECK (role IN (1, 2)),
    password_hash  text CHECK (password_hash <> ''),
    expires_at     timestamptz,
    downloads_max  bigint CHECK (downloads_max >= 1),
    downloads      bigint NOT NULL DEFAULT 0 CHECK (downloads >= 0),
    created_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT links_downloads_within_limit CHECK (downloads <= downloads_max),
    CONSTRAINT links_only_view_has_limit CHECK (role = 1 OR downloads_max IS NULL)
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX links_token_hash ON links (token_hash);
CREATE INDEX links_of_entries ON links (entry_id, created_at, id);

CREATE FUNCTION guard_links() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
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
    RETURN NEW;
END $$;
CREATE TRIGGER links_guard BEFORE INSERT OR UPDATE OF entry_id, role ON links FOR EACH ROW EXECUTE FUNCTION guard_links();

-- A link is the word of the owner who gave it: it ends with the ownership.
CREATE FUNCTION end_links_of_old_owner() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM links WHERE entry_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER entries_links_end AFTER UPDATE OF owner_id ON entries FOR EACH ROW
    WHEN (OLD.owner_id IS DISTINCT FROM NEW.owner_id) EXECUTE FUNCTION end_links_of_old_owner();

-- The one decision of access by a link, the sibling of entry_access: a row when the link with this hash is good at this time for the entry
-- that it leads to (p_entry NULL), or for one that stands below it. Nothing on the way to the root may be in the trash. A link whose
-- downloads are used up is good only for who has a ticket of one of them.
CREATE FUNCTION link_access(p_token_hash bytea, p_entry text, p_now timestamptz, p_has_ticket boolean)
RETURNS TABLE (link_id text, role smallint, password_hash text, expires_at timestamptz, downloads_max bigint, owner_id text, entry_id text, is_top boolean)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    l links%ROWTYPE;
    here text;
    decided record;
    depth integer := 0;
BEGIN
    SELECT * INTO l FROM links x WHERE x.token_hash = p_token_hash;
    IF NOT FOUND OR coalesce(l.expires_at <= p_now, false) OR coalesce(l.downloads >= l.downloads_max AND NOT p_has_ticket, false) THEN
        RETURN;
    END IF;
    here := coalesce(p_entry, l.entry_id);
    WHILE here IS DISTINCT FROM l.entry_id LOOP
        SELECT x.parent_id INTO here FROM entries x WHERE x.id = here;
        depth := depth + 1;
        IF here IS NULL OR depth > folder_depth_max() THEN
            RETURN;
        END IF;
    END LOOP;
    SELECT * INTO decided FROM entry_access(coalesce(p_entry, l.entry_id), NULL) a;
    IF NOT FOUND OR NOT decided.is_live THEN
        RETURN;
    END IF;
    link_id := l.id;
    role := l.role;
    password_hash := l.password_hash;
    expires_at := l.expires_at;
    downloads_max := l.downloads_max;
    owner_id := decided.owner_id;
    entry_id := coalesce(p_entry, l.entry_id);
    is_top := entry_id = l.entry_id;
    RETURN NEXT;
END $$;

-- Makes a link; one that is there already under this id, with the same token, stays as it is. Returns a refusal or NULL.
CREATE FUNCTION create_link(
    p_owner text, p_entry text, p_link text, p_token_hash bytea, p_role integer, p_password_hash text, p_expires_at timestamptz,
    p_downloads_max bigint, p_count_max integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    e entries%ROWTYPE;
    l links%ROWTYPE;
BEGIN
    SELECT * INTO e FROM entries WHERE id = p_entry FOR NO KEY UPDATE;
    IF NOT FOUND OR e.owner_id <> p_owner OR e.purging_at IS NOT NULL THEN
        RETURN 1;
    END IF;
    SELECT * INTO l FROM links WHERE id = p_link;
    IF FOUND THEN
        RETURN CASE WHEN l.entry_id = p_entry AND l.token_hash = p_token_hash THEN NULL ELSE 19 END;
    END IF;
    IF NOT entry_is_live(p_entry) THEN
        RETURN 23;
    END IF;
    IF (SELECT count(*) FROM links WHERE entry_id = p_entry) >= p_count_max THEN
        RETURN 3;
    END IF;
    INSERT INTO links (id, entry_id, token_hash, role, password_hash, expires_at, downloads_max)
    VALUES (p_link, p_entry, p_token_hash, p_role, p_password_hash, p_expires_at, p_downloads_max);
    RETURN NULL;
END $$;

-- Counts a download, as long as the link and its limit allow another. True when it was counted.
CREATE FUNCTION count_download(p_link text, p_now timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    UPDATE links SET downloads = downloads + 1
    WHERE id = p_link AND (downloads_max IS NULL OR downloads < downloads_max) AND (expires_at IS NULL OR expires_at > p_now);
    RETURN FOUND;
END $$;

-- Ends a link of the user's. Returns a refusal or NULL.
CREATE FUNCTION revoke_link(p_user text, p_link text) RETURNS integer LANGUAGE plpgsql AS $$
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
    DELETE FROM links WHERE id = p_link;
    RETURN CASE WHEN FOUND THEN NULL ELSE 1 END;
END $$;
