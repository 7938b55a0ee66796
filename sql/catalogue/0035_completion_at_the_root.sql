-- A session whose content is to come to a folder of somebody else, or whose file is gone, becomes one for a new file there; without a folder, one
-- in the root of who uploads. Returns a refusal, and whether anything has changed.
CREATE OR REPLACE FUNCTION move_upload(p_id text, p_epoch bigint, p_actor text, p_quota bigint, p_file text, p_parent text)
RETURNS TABLE (refusal integer, is_moved boolean) LANGUAGE plpgsql AS $$
DECLARE
    u uploads%ROWTYPE;
    owner text;
BEGIN
    is_moved := false;
    SELECT * INTO u FROM uploads WHERE id = p_id FOR UPDATE;
    IF FOUND AND u.epoch = p_epoch AND (u.state = 3 OR (u.state = 1 AND u.is_new_file)) THEN
        IF p_parent IS NULL THEN
            -- Nobody has anything in the root of somebody else; visitors of links have none.
            owner := p_actor;
            is_moved := p_actor NOT LIKE 'ln-%' AND (owner <> u.owner_id OR NOT u.is_new_file);
        ELSE
            SELECT r.refusal, r.owner INTO refusal, owner FROM writing_right(p_parent, p_actor, false) r;
            is_moved := refusal IS NULL AND (owner <> u.owner_id OR NOT u.is_new_file) AND folder_is_live(owner, p_parent);
        END IF;
    END IF;
    IF NOT is_moved THEN
        -- What isn't there is found not to be there by the completion, which keeps the content.
        refusal := nullif(refusal, 1);
        RETURN NEXT;
        RETURN;
    END IF;
    UPDATE uploads SET owner_id = owner, uploader_id = nullif(p_actor, owner), parent_id = p_parent, is_new_file = true, expected_version = NULL,
        file_id = CASE WHEN is_new_file THEN file_id ELSE p_file END WHERE id = p_id;
    UPDATE objects SET owner_id = owner WHERE upload_id = p_id AND owner_id <> owner;
    IF owner <> u.owner_id THEN
        PERFORM ensure_user(owner, p_quota) WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = owner);
        PERFORM 1 FROM users WHERE id IN (owner, u.owner_id) ORDER BY id FOR NO KEY UPDATE;
        UPDATE users SET reserved_bytes = reserved_bytes - u.reserved_bytes WHERE id = u.owner_id;
        UPDATE users SET reserved_bytes = reserved_bytes + u.reserved_bytes
        WHERE id = owner AND used_bytes + reserved_bytes + u.reserved_bytes <= quota_bytes;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'quota exceeded' USING ERRCODE = 'GV010';
        END IF;
    END IF;
    RETURN NEXT;
END $$;
