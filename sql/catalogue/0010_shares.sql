-- Shares of files and folders with other users. A share of a folder is one of everything below it; where several apply, the nearest does.
-- role: 2 viewer, 3 editor.
CREATE TABLE shares (
    entry_id   text COLLATE "C" NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    user_id    text COLLATE "C" NOT NULL CHECK (user_id ~ '^u-[0-9a-f-]{36}$'),
    role       smallint NOT NULL CHECK (role IN (2, 3)),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (entry_id, user_id)
);
CREATE INDEX shares_of_users ON shares (user_id, entry_id);

CREATE FUNCTION guard_shares() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM entries WHERE id = NEW.entry_id AND owner_id = NEW.user_id) THEN
        RAISE EXCEPTION 'the owner needs no share' USING ERRCODE = 'check_violation', CONSTRAINT = 'shares_not_with_owner';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER shares_guard BEFORE INSERT OR UPDATE ON shares FOR EACH ROW EXECUTE FUNCTION guard_shares();

-- The one decision of access. role: 0 none, 1 visitor (the entry is public), 2 viewer, 3 editor, 4 owner. is_live: nothing on the way from
-- the entry to the root is in the trash; nobody but the owner has a role otherwise. No row: there is no such entry.
CREATE OR REPLACE FUNCTION entry_access(p_entry text, p_user text)
RETURNS TABLE (role integer, is_live boolean, kind integer, owner_id text) LANGUAGE plpgsql STABLE AS $$
DECLARE
    e entries%ROWTYPE;
    here text := p_entry;
    above text;
    deleted timestamptz;
    depth integer := 0;
BEGIN
    SELECT * INTO e FROM entries x WHERE x.id = p_entry;
    IF NOT FOUND OR e.purging_at IS NOT NULL THEN
        RETURN;
    END IF;
    role := CASE WHEN e.owner_id = p_user THEN 4 END;
    is_live := e.deleted_at IS NULL;
    above := e.parent_id;
    LOOP
        IF role IS NULL AND p_user IS NOT NULL THEN
            SELECT s.role INTO role FROM shares s WHERE s.entry_id = here AND s.user_id = p_user;
        END IF;
        EXIT WHEN NOT is_live OR above IS NULL;
        here := above;
        SELECT x.parent_id, x.deleted_at INTO above, deleted FROM entries x WHERE x.id = here;
        depth := depth + 1;
        is_live := FOUND AND deleted IS NULL AND depth <= folder_depth_max();
    END LOOP;
    role := coalesce(role, CASE WHEN e.visibility = 2 THEN 1 ELSE 0 END);
    IF NOT is_live AND role < 4 THEN
        role := 0;
    END IF;
    kind := e.kind;
    owner_id := e.owner_id;
    RETURN NEXT;
END $$;

-- Shares an entry with a user, or gives the share another role. Returns a refusal or NULL.
CREATE FUNCTION set_share(p_owner text, p_entry text, p_user text, p_role integer, p_count_max integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    e entries%ROWTYPE;
BEGIN
    SELECT * INTO e FROM entries WHERE id = p_entry FOR NO KEY UPDATE;
    IF NOT FOUND OR e.owner_id <> p_owner OR e.purging_at IS NOT NULL THEN
        RETURN 1;
    END IF;
    IF NOT entry_is_live(p_entry) THEN
        RETURN 23;
    END IF;
    IF EXISTS (SELECT 1 FROM shares WHERE entry_id = p_entry AND user_id = p_user AND role = p_role) THEN
        RETURN NULL;
    END IF;
    IF p_user = p_owner OR (SELECT count(*) FROM shares WHERE entry_id = p_entry AND user_id <> p_user) >= p_count_max THEN
        RETURN 3;
    END IF;
    INSERT INTO shares (entry_id, user_id, role) VALUES (p_entry, p_user, p_role)
    ON CONFLICT (entry_id, user_id) DO UPDATE SET role = excluded.role;
    PERFORM note_change(p_owner, p_entry, 2);
    RETURN NULL;
END $$;

-- Ends a share. Returns a refusal or NULL.
CREATE FUNCTION remove_share(p_owner text, p_entry text, p_user text) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM entries WHERE id = p_entry AND owner_id = p_owner FOR NO KEY UPDATE;
    DELETE FROM shares WHERE entry_id = p_entry AND user_id = p_user;
    IF NOT FOUND THEN
        RETURN 1;
    END IF;
    PERFORM note_change(p_owner, p_entry, 2);
    RETURN NULL;
END $$;
