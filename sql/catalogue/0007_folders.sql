-- Folders, and what may be changed about entries. Commands that change which folder stands in which take lock_folders() before anything
-- else; then rows are locked in the order upload, entry, object, user, and a folder before what is in it.

ALTER TABLE entries
    -- Removal for good has begun: nobody sees the folder any more, and what is below it goes in batches.
    ADD COLUMN purging_at timestamptz,
    ADD CONSTRAINT entries_only_trash_is_purged CHECK (purging_at IS NULL OR deleted_at IS NOT NULL);
CREATE INDEX entries_purging ON entries (purging_at) WHERE purging_at IS NOT NULL;
CREATE INDEX entries_subfolders ON entries (parent_id, id) WHERE kind = 2 AND parent_id IS NOT NULL;

-- Most folders on the way from the root to an entry: the one place that says so.
CREATE FUNCTION folder_depth_max() RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT 100 $$;

-- The shape of an owner's folders is changed by one transaction at a time. What is checked on the way up so stays true.
CREATE FUNCTION lock_folders(p_owner text) RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(hashtextextended('folders of ' || p_owner, 0));
$$;

-- The one decision of access. role: 0 none, 1 visitor (the entry is public), 4 owner. is_live: nothing on the way from the entry to
-- the root is in the trash; nobody but the owner has a role otherwise. No row: there is no such entry.
CREATE FUNCTION entry_access(p_entry text, p_user text)
RETURNS TABLE (role integer, is_live boolean, kind integer, owner_id text) LANGUAGE plpgsql STABLE AS $$
DECLARE
    e entries%ROWTYPE;
    above text;
    deleted timestamptz;
    depth integer := 0;
BEGIN
    SELECT * INTO e FROM entries x WHERE x.id = p_entry;
    IF NOT FOUND OR e.purging_at IS NOT NULL THEN
        RETURN;
    END IF;
    role := CASE WHEN e.owner_id = p_user THEN 4 WHEN e.visibility = 2 THEN 1 ELSE 0 END;
    is_live := e.deleted_at IS NULL;
    above := e.parent_id;
    WHILE is_live AND above IS NOT NULL LOOP
        SELECT x.parent_id, x.deleted_at INTO above, deleted FROM entries x WHERE x.id = above;
        depth := depth + 1;
        is_live := FOUND AND deleted IS NULL AND depth <= folder_depth_max();
    END LOOP;
    IF NOT is_live AND role < 4 THEN
        role := 0;
    END IF;
    kind := e.kind;
    owner_id := e.owner_id;
    RETURN NEXT;
END $$;

CREATE OR REPLACE FUNCTION entry_is_live(p_entry text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce((SELECT a.is_live FROM entry_access(p_entry, NULL) a), false);
END $$;

CREATE OR REPLACE FUNCTION folder_is_live(p_owner text, p_folder text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM entries WHERE id = p_folder AND owner_id = p_owner AND kind = 2 FOR SHARE;
    RETURN FOUND AND entry_is_live(p_folder);
END $$;

-- A parent is a folder of the same owner; folders stand in no circle and not too deep. With the search path of now.
CREATE FUNCTION guard_parents() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    parent entries%ROWTYPE;
    above text;
    depth integer := 1;
    depth_before integer := 1;
BEGIN
    -- What has no such parent, or is its own, is refused by constraints.
    SELECT * INTO parent FROM entries WHERE id = NEW.parent_id;
    IF NOT FOUND OR NEW.parent_id = NEW.id THEN
        RETURN NEW;
    END IF;
    IF parent.kind <> 2 OR parent.owner_id <> NEW.owner_id THEN
        RAISE EXCEPTION 'the parent is no folder of the owner' USING ERRCODE = 'check_violation', CONSTRAINT = 'entries_parent_is_own_folder';
    END IF;
    IF NEW.kind <> 2 THEN
        RETURN NEW;
    END IF;

    PERFORM lock_folders(NEW.owner_id);
    above := NEW.parent_id;
    WHILE above IS NOT NULL LOOP
        IF above = NEW.id THEN
            RAISE EXCEPTION 'the folder would stand in itself' USING ERRCODE = 'GV021', CONSTRAINT = 'entries_no_circle';
        END IF;
        depth := depth + 1;
        IF depth > folder_depth_max() THEN
            EXIT;
        END IF;
        SELECT parent_id INTO above FROM entries WHERE id = above;
    END LOOP;
    IF depth <= folder_depth_max() AND TG_OP = 'UPDATE' THEN
        -- What did not come to stand deeper has room for what is below it, as before.
        above := OLD.parent_id;
        WHILE above IS NOT NULL AND depth_before < depth LOOP
            depth_before := depth_before + 1;
            SELECT parent_id INTO above FROM entries WHERE id = above;
        END LOOP;
        IF depth_before < depth THEN
            WITH RECURSIVE below AS (
                SELECT NEW.id AS id, depth AS at_depth
                UNION ALL
                SELECT c.id, b.at_depth + 1 FROM below b JOIN entries c ON c.parent_id = b.id AND c.kind = 2 WHERE b.at_depth <= folder_depth_max()
            )
            SELECT max(at_depth) INTO depth FROM below;
        END IF;
    END IF;
    IF depth > folder_depth_max() THEN
        RAISE EXCEPTION 'the folder would stand too deep' USING ERRCODE = 'GV022', CONSTRAINT = 'entries_depth_max';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER entries_parents BEFORE INSERT OR UPDATE OF parent_id ON entries
    FOR EACH ROW WHEN (NEW.parent_id IS NOT NULL) EXECUTE FUNCTION guard_parents();

-- Appends one change to the owner's feed. Last in a transaction, since it locks the owner's row.
CREATE FUNCTION note_change(p_owner text, p_entry text, p_kind integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    next_seq bigint;
BEGIN
    UPDATE users SET change_seq = change_seq + 1 WHERE id = p_owner RETURNING change_seq INTO next_seq;
    PERFORM append_change(p_owner, next_seq, p_entry, p_kind);
END $$;

-- Makes a folder. Returns NULL, 0 when it exists already (a repeat), or a refusal.
CREATE FUNCTION create_folder(p_owner text, p_quota bigint, p_folder text, p_name text, p_name_key text, p_parent text)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    owner text;
BEGIN
    IF p_parent IS NOT NULL THEN
        PERFORM lock_folders(p_owner);
    END IF;
    SELECT owner_id INTO owner FROM entries WHERE id = p_folder;
    IF FOUND THEN
        RETURN CASE WHEN owner = p_owner THEN 0 ELSE 1 END;
    END IF;
    IF p_parent IS NOT NULL AND NOT folder_is_live(p_owner, p_parent) THEN
        RETURN 1;
    END IF;
    PERFORM ensure_user(p_owner, p_quota) WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = p_owner);
    INSERT INTO entries (id, owner_id, parent_id, kind, name, name_key) VALUES (p_folder, p_owner, p_parent, 2, p_name, p_name_key)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN CASE WHEN EXISTS (SELECT 1 FROM entries WHERE id = p_folder AND owner_id = p_owner) THEN 0 ELSE 4 END;
    END IF;
    PERFORM note_change(p_owner, p_folder, 1);
    RETURN NULL;
END $$;

-- Renames, moves, shows or hides an entry, all or nothing. NULL keeps the name or the visibility; p_moves says whether p_parent
-- counts, whose NULL is the root. p_expected: row versions of which the entry must have one; NULL for any. Returns a refusal or NULL.
CREATE FUNCTION change_entry(
    p_owner text, p_entry text, p_name text, p_name_key text, p_moves boolean, p_parent text, p_visibility integer, p_expected bigint[]
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    e entries%ROWTYPE;
BEGIN
    IF p_moves THEN
        SELECT * INTO e FROM entries WHERE id = p_entry;
        IF NOT FOUND OR e.owner_id <> p_owner THEN
            RETURN 1;
        END IF;
        IF e.kind = 2 THEN
            PERFORM lock_folders(p_owner);
        END IF;
        IF p_parent = p_entry THEN
            RETURN 21;
        END IF;
        IF p_parent IS NOT NULL AND NOT folder_is_live(p_owner, p_parent) THEN
            RETURN 1;
        END IF;
    END IF;
    SELECT * INTO e FROM entries WHERE id = p_entry FOR NO KEY UPDATE;
    IF NOT FOUND OR e.owner_id <> p_owner OR e.purging_at IS NOT NULL THEN
        RETURN 1;
    END IF;
    IF NOT e.version = ANY (p_expected) THEN
        RETURN 11;
    END IF;
    IF NOT entry_is_live(p_entry) THEN
        RETURN 23;
    END IF;
    IF coalesce(p_name, e.name) = e.name AND coalesce(p_visibility, e.visibility) = e.visibility
            AND (NOT p_moves OR p_parent IS NOT DISTINCT FROM e.parent_id) THEN
        RETURN NULL;
    END IF;
    UPDATE entries SET name = coalesce(p_name, name), name_key = coalesce(p_name_key, name_key),
        visibility = coalesce(p_visibility, visibility), version = version + 1 WHERE id = p_entry AND NOT p_moves;
    -- By itself, since it asks for the lock of the folders.
    UPDATE entries SET parent_id = p_parent, name = coalesce(p_name, name), name_key = coalesce(p_name_key, name_key),
        visibility = coalesce(p_visibility, visibility), version = version + 1 WHERE id = p_entry AND p_moves;
    PERFORM note_change(p_owner, p_entry, 2);
    RETURN NULL;
END $$;

-- Takes an entry out of the trash: to where it was, or to the root when that is not there any more. The first free one of the names
-- is its name then. What is live stays as it is; what is in a folder of the trash comes to the root. Returns a refusal or NULL.
CREATE FUNCTION restore_entry(p_owner text, p_entry text, p_names text[], p_name_keys text[]) RETURNS integer LANGUAGE plpgsql AS $$
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
    IF NOT FOUND OR e.purging_at IS NOT NULL OR entry_is_purged(p_entry) THEN
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
    UPDATE entries SET deleted_at = NULL, name = p_names[i], name_key = p_name_keys[i], version = version + 1 WHERE id = p_entry;
    IF kept IS DISTINCT FROM parent THEN
        UPDATE entries SET parent_id = kept WHERE id = p_entry;
    END IF;
    PERFORM note_change(p_owner, p_entry, 4);
    RETURN NULL;
END $$;

-- True when the entry, or a folder above it, is being removed for good.
CREATE FUNCTION entry_is_purged(p_entry text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    here text := p_entry;
    purging timestamptz;
BEGIN
    FOR depth IN 0 .. folder_depth_max() LOOP
        SELECT parent_id, purging_at INTO here, purging FROM entries WHERE id = here;
        EXIT WHEN here IS NULL OR purging IS NOT NULL;
    END LOOP;
    RETURN purging IS NOT NULL;
END $$;

-- Marks the objects among these to which no version refers any more as garbage, and returns their bytes. Whoever adds a reference holds
-- the object FOR SHARE; with the lock taken here no new one can come, then references are counted.
CREATE FUNCTION drop_objects(p_keys text[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    freed bigint;
BEGIN
    PERFORM 1 FROM objects WHERE key = ANY (p_keys) ORDER BY key FOR UPDATE;
    WITH unused AS (
        UPDATE objects SET state = 'garbage', garbage_at = now()
        WHERE key = ANY (p_keys) AND coalesce(state, '') = 'live' AND NOT EXISTS (SELECT 1 FROM file_versions v WHERE v.object_key = objects.key)
        RETURNING size_bytes
    )
    SELECT coalesce(sum(size_bytes), 0) INTO freed FROM unused;
    RETURN freed;
END $$;

-- Removal of a folder for good goes in rounds: entries are listed, their grains told to forget them, then they go. With the first round
-- the folder is marked, and from then on nobody sees it, nor reads anew or changes what is below it: so what was forgotten stays so.
-- Lists up to p_limit entries with their parents, what is in a folder before the folder, which comes last itself.
CREATE FUNCTION list_purge(p_owner text, p_folder text, p_limit integer)
RETURNS TABLE (refusal integer, ids text[], parents text[]) LANGUAGE plpgsql AS $$
DECLARE
    root entries%ROWTYPE;
    here text := p_folder;
    above text;
    below text;
    files text[];
BEGIN
    PERFORM lock_folders(p_owner);
    SELECT * INTO root FROM entries WHERE id = p_folder FOR UPDATE;
    ids := '{}';
    parents := '{}';
    IF NOT FOUND OR root.owner_id <> p_owner OR root.kind <> 2 THEN
        refusal := 1;
        RETURN NEXT;
        RETURN;
    END IF;
    LOOP
        LOOP
            SELECT min(id) INTO below FROM entries WHERE parent_id = here AND kind = 2;
            EXIT WHEN below IS NULL;
            here := below;
        END LOOP;
        -- All folders in this one are listed: its files, then itself, then its next sibling or what is above.
        LOOP
            SELECT array_agg(id) INTO files FROM (
                SELECT id FROM entries WHERE parent_id = here AND kind <> 2 LIMIT p_limit - cardinality(ids)) children;
            ids := ids || files;
            parents := parents || array_fill(here, ARRAY[coalesce(cardinality(files), 0)]);
            EXIT WHEN cardinality(ids) >= p_limit;
            SELECT parent_id INTO above FROM entries WHERE id = here;
            ids := ids || here;
            parents := parents || above;
            EXIT WHEN here = p_folder;
            SELECT min(id) INTO below FROM entries WHERE parent_id = above AND kind = 2 AND id > here;
            here := coalesce(below, above);
            EXIT WHEN below IS NOT NULL;
        END LOOP;
        EXIT WHEN cardinality(ids) >= p_limit OR ids[cardinality(ids)] = p_folder;
    END LOOP;
    IF root.purging_at IS NULL THEN
        UPDATE entries SET purging_at = now(), deleted_at = coalesce(deleted_at, now()), version = version + 1 WHERE id = p_folder;
        PERFORM note_change(p_owner, p_folder, 3) WHERE root.deleted_at IS NULL;
    END IF;
    RETURN NEXT;
END $$;

-- Removes what was listed, as far as it is still there. Returns true when the folder itself is gone.
CREATE FUNCTION purge_listed(p_owner text, p_folder text, p_ids text[], p_parents text[]) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    gone text[];
    keys text[];
    freed bigint;
    last_seq bigint;
BEGIN
    PERFORM 1 FROM entries WHERE id = p_folder AND owner_id = p_owner AND coalesce(purging_at, 'infinity') < 'infinity' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN true;
    END IF;
    -- Folders before what is in them; with these locks nothing can come into them any more.
    SELECT array_agg(id) INTO gone FROM (
        SELECT e.id FROM unnest(p_ids, p_parents) WITH ORDINALITY AS listed (id, parent, place) JOIN entries e ON e.id = listed.id
        WHERE e.parent_id = listed.parent OR e.id = p_folder ORDER BY listed.place DESC FOR UPDATE OF e) still;
    IF EXISTS (SELECT 1 FROM entries WHERE parent_id = ANY (gone) AND id <> ALL (gone)) THEN
        -- Something came since they were listed: the next round finds it.
        SELECT array_agg(id) INTO gone FROM entries WHERE id = ANY (gone) AND kind <> 2;
    END IF;
    IF gone IS NULL THEN
        RETURN false;
    END IF;
    SELECT array_agg(object_key) INTO keys FROM file_versions WHERE file_id = ANY (gone) AND object_key IS NOT NULL;
    DELETE FROM file_versions WHERE file_id = ANY (gone);
    DELETE FROM entries WHERE id = ANY (gone);
    freed := drop_objects(keys);
    UPDATE users SET used_bytes = used_bytes - freed, change_seq = change_seq + cardinality(gone) WHERE id = p_owner RETURNING change_seq INTO last_seq;
    INSERT INTO changes (owner_id, seq, entry_id, kind)
    SELECT p_owner, last_seq - cardinality(gone) + n, id, 5 FROM unnest(gone) WITH ORDINALITY AS removed (id, n);
    RETURN p_folder = ANY (gone);
END $$;
