-- Links that take files: who comes by one is an actor of his own (ln-), and may make new files in the link's folder itself, on its owner's
-- quota, as long as the link is good.

-- Whether a link takes files into this folder. p_holds: it does so until the transaction ends; the caller has locked the folder already.
CREATE FUNCTION link_takes(p_folder text, p_link text, p_holds boolean) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF p_holds THEN
        PERFORM 1 FROM links WHERE id = p_link FOR SHARE;
    END IF;
    RETURN EXISTS (
            SELECT 1 FROM links l WHERE l.id = p_link AND l.entry_id = p_folder AND l.role = 2 AND (l.expires_at IS NULL OR l.expires_at > now()))
        AND entry_is_live(p_folder);
END $$;

-- As before, and also for who comes by a link.
CREATE OR REPLACE FUNCTION writing_right(p_entry text, p_actor text, p_holds boolean, OUT refusal integer, OUT owner text) LANGUAGE plpgsql AS $$
DECLARE
    access record;
BEGIN
    SELECT owner_id INTO owner FROM entries WHERE id = p_entry;
    IF owner = p_actor THEN
        RETURN;
    END IF;
    IF p_actor LIKE 'ln-%' THEN
        refusal := CASE WHEN link_takes(p_entry, p_actor, p_holds) THEN NULL ELSE 1 END;
        RETURN;
    END IF;
    IF p_holds THEN
        PERFORM 1 FROM shares WHERE user_id = p_actor AND entry_id = ANY (entry_way(p_entry)) ORDER BY entry_id FOR SHARE;
    END IF;
    -- Looked at after the lock was granted.
    SELECT * INTO access FROM entry_access(p_entry, p_actor);
    refusal := CASE WHEN coalesce(access.role, 0) = 0 THEN 1 WHEN access.role < 3 THEN 2 END;
END $$;

-- As before, and what strangers have begun by the link is over too: the janitor ends it, and the quota comes back. Sessions are locked before
-- the link, as by the commits that make files of them.
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
    PERFORM 1 FROM uploads WHERE uploader_id = p_link AND state <= 3 ORDER BY id FOR NO KEY UPDATE;
    UPDATE uploads SET expires_at = least(expires_at, now()) WHERE uploader_id = p_link AND state IN (1, 3);
    DELETE FROM links WHERE id = p_link;
    RETURN CASE WHEN FOUND THEN NULL ELSE 1 END;
END $$;
