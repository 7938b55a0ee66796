-- What must not take longer the more there is: moving a folder, and emptying the trash.

-- Levels of folders below a folder, at most: no row for none. An upper bound, so that a folder can be moved without a look at what is below
-- it; only where the bound does not fit the levels are counted, and the bound becomes exact. Changed under lock_folders alone.
CREATE TABLE folder_heights (
    id     text COLLATE "C" PRIMARY KEY,
    height smallint NOT NULL CHECK (height >= 1)
);
INSERT INTO folder_heights (id, height)
WITH RECURSIVE above AS (
    SELECT parent_id AS id, 1 AS height FROM entries WHERE kind = 2 AND parent_id IS NOT NULL
    UNION
    SELECT e.parent_id, a.height + 1 FROM above a JOIN entries e ON e.id = a.id WHERE e.parent_id IS NOT NULL
)
SELECT id, max(height) FROM above GROUP BY id;

-- A folder of that height, and all above it, have come to be so high.
CREATE FUNCTION raise_heights(p_folder text, p_height integer) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    here text := p_folder;
    needed integer := p_height;
BEGIN
    WHILE here IS NOT NULL LOOP
        INSERT INTO folder_heights AS h (id, height) VALUES (here, needed)
        ON CONFLICT (id) DO UPDATE SET height = excluded.height WHERE h.height < excluded.height;
        -- What is above is higher still.
        EXIT WHEN NOT FOUND;
        SELECT parent_id INTO here FROM entries WHERE id = here;
        needed := needed + 1;
    END LOOP;
END $$;

-- As before, but for what is below a folder that is moved: one look at its height.
CREATE OR REPLACE FUNCTION guard_parents() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    parent entries%ROWTYPE;
    above text;
    depth integer := 1;
    levels integer := 0;
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
    IF TG_OP = 'UPDATE' THEN
        SELECT coalesce(max(h.height), 0) INTO levels FROM folder_heights h WHERE h.id = NEW.id;
        IF depth <= folder_depth_max() AND depth + levels > folder_depth_max() THEN
            WITH RECURSIVE below AS (
                SELECT NEW.id AS id, 0 AS level
                UNION ALL
                SELECT c.id, b.level + 1 FROM below b JOIN entries c ON c.parent_id = b.id AND c.kind = 2 WHERE b.level <= folder_depth_max()
            )
            SELECT max(level) INTO levels FROM below;
            UPDATE folder_heights h SET height = greatest(levels, 1) WHERE h.id = NEW.id;
        END IF;
    END IF;
    IF depth + levels > folder_depth_max() THEN
        RAISE EXCEPTION 'the folder would stand too deep' USING ERRCODE = 'GV022', CONSTRAINT = 'entries_depth_max';
    END IF;
    PERFORM raise_heights(NEW.parent_id, levels + 1);
    RETURN NEW;
END $$;

-- With a folder goes its height.
CREATE FUNCTION forget_heights() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM folder_heights WHERE id IN (SELECT id FROM removed WHERE kind = 2);
    RETURN NULL;
END $$;
CREATE TRIGGER entries_heights AFTER DELETE ON entries REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION forget_heights();

ALTER TABLE users
    -- What came to the trash until then is to be removed for good; NULL while nothing is.
    ADD COLUMN trash_emptied_at timestamptz;
CREATE INDEX users_emptying ON users (trash_emptied_at) WHERE trash_emptied_at IS NOT NULL;

-- What of the trash is to be removed next, at most p_limit entries: folders, which are removed by themselves, with the time at which they came
-- there, and files. From here on nobody sees these files, so that what their grains forget stays forgotten.
CREATE FUNCTION list_emptying(p_owner text, p_limit integer) RETURNS TABLE (id text, is_folder boolean, trashed_at timestamptz) LANGUAGE plpgsql AS $$
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
        WHERE e.id = ANY (listed) AND coalesce(e.deleted_at, 'infinity') <= until ORDER BY e.id FOR UPDATE;
    UPDATE entries e SET purging_at = now(), version = version + 1
    WHERE e.id = ANY (listed) AND e.kind <> 2 AND coalesce(e.deleted_at, 'infinity') <= until AND e.purging_at IS NULL;
    IF listed IS NULL THEN
        -- Something may have been asked for since.
        UPDATE users u SET trash_emptied_at = NULL WHERE u.id = p_owner AND u.trash_emptied_at = until;
    END IF;
END $$;

-- Removes files of the trash that were listed.
CREATE FUNCTION purge_emptied(p_owner text, p_ids text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    gone text[];
    keys text[];
    freed bigint;
    last_seq bigint;
BEGIN
    SELECT array_agg(l.id) INTO gone FROM (
        SELECT e.id FROM entries e WHERE e.id = ANY (p_ids) AND e.owner_id = p_owner AND e.kind <> 2 AND coalesce(e.purging_at, 'infinity') < 'infinity'
        ORDER BY e.id FOR UPDATE) l;
    IF gone IS NULL THEN
        RETURN;
    END IF;
    SELECT array_agg(object_key) INTO keys FROM file_versions WHERE file_id = ANY (gone) AND object_key IS NOT NULL;
    DELETE FROM file_versions WHERE file_id = ANY (gone);
    DELETE FROM entries e WHERE e.id = ANY (gone);
    freed := drop_objects(p_owner, keys);
    UPDATE users SET used_bytes = used_bytes - freed, change_seq = change_seq + cardinality(gone) WHERE users.id = p_owner RETURNING change_seq INTO last_seq;
    INSERT INTO changes (owner_id, seq, entry_id, kind)
    SELECT p_owner, last_seq - cardinality(gone) + n, g, 5 FROM unnest(gone) WITH ORDINALITY AS removed (g, n);
END $$;
