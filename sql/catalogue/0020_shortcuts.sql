-- Shortcuts point to an entry, also of somebody else. They give no right to it, and stay when it is gone or no longer shared.
ALTER TABLE entries
    -- No reference: the target may go.
    ADD COLUMN target_id text COLLATE "C",
    ADD CONSTRAINT entries_only_shortcuts_point CHECK ((kind = 3) = (target_id IS NOT NULL));
CREATE INDEX entries_shortcuts ON entries (owner_id, modified_at DESC, id DESC) WHERE deleted_at IS NULL AND kind = 3;

-- True when the user may read the target.
CREATE FUNCTION target_is_live(p_target text, p_user text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT a.role > 0 FROM entry_access(p_target, p_user) a), false);
$$;

-- Makes a shortcut to what somebody may read, where he may write; one to a shortcut points to what that one points to. The first free one of
-- the names is its name. Returns NULL, 0 when it exists already (a repeat), or a refusal.
CREATE FUNCTION create_shortcut(
    p_actor text, p_quota bigint, p_shortcut text, p_target text, p_names text[], p_name_keys text[], p_parent text
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    owner text := p_actor;
    target text := p_target;
    lost integer;
BEGIN
    IF EXISTS (SELECT 1 FROM entries WHERE id = p_shortcut) THEN
        RETURN CASE WHEN (SELECT a.role FROM entry_access(p_shortcut, p_actor) a) >= 3 THEN 0 ELSE 1 END;
    END IF;
    IF NOT target_is_live(target, p_actor) THEN
        RETURN 1;
    END IF;
    SELECT coalesce(target_id, id) INTO target FROM entries WHERE id = target;
    IF target IS NULL OR NOT target_is_live(target, p_actor) THEN
        RETURN 1;
    END IF;
    IF p_parent IS NOT NULL THEN
        SELECT r.refusal, r.owner INTO lost, owner FROM writing_right(p_parent, p_actor, false) r;
        IF lost IS NULL AND NOT folder_is_live(owner, p_parent) THEN
            RETURN 1;
        END IF;
        IF lost IS NULL AND owner <> p_actor THEN
            SELECT r.refusal INTO lost FROM writing_right(p_parent, p_actor, true) r;
        END IF;
        IF lost IS NOT NULL THEN
            RETURN lost;
        END IF;
    END IF;
    PERFORM ensure_user(owner, p_quota) WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = owner);
    FOR i IN 1 .. array_length(p_names, 1) LOOP
        INSERT INTO entries (id, owner_id, parent_id, kind, name, name_key, target_id)
        VALUES (p_shortcut, owner, p_parent, 3, p_names[i], p_name_keys[i], target) ON CONFLICT DO NOTHING;
        IF FOUND THEN
            PERFORM note_change(owner, p_shortcut, 1);
            RETURN NULL;
        END IF;
        -- Twice at once: the other has made it.
        IF EXISTS (SELECT 1 FROM entries WHERE id = p_shortcut) THEN
            RETURN 0;
        END IF;
    END LOOP;
    RETURN 4;
END $$;
