-- What keeps one user from taking all the room for sessions.

-- Refuses one more unfinished session than somebody may have opened, on whosever quota. The first half of them is let through without a
-- lock; in the second half those of one user take turns, so that the limit holds however many come at once. A repeat of a session that
-- is there is none more.
CREATE FUNCTION guard_open_uploads(p_id text, p_actor text, p_count_max integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    open_count integer;
BEGIN
    IF EXISTS (SELECT 1 FROM uploads WHERE id = p_id) THEN
        RETURN;
    END IF;
    open_count := count_open_uploads(p_actor, p_count_max);
    IF open_count >= p_count_max / 2 THEN
        PERFORM pg_advisory_xact_lock(hashtextextended('sessions of ' || p_actor, 0));
        open_count := count_open_uploads(p_actor, p_count_max);
    END IF;
    IF open_count >= p_count_max THEN
        RAISE EXCEPTION 'there are too many unfinished sessions' USING ERRCODE = 'GV040';
    END IF;
END $$;

-- Unfinished sessions that somebody has opened, counted to p_count_max.
CREATE FUNCTION count_open_uploads(p_actor text, p_count_max integer) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT count(*) FROM (
        (SELECT 1 FROM uploads WHERE owner_id = p_actor AND uploader_id IS NULL AND state <= 3 LIMIT p_count_max)
        UNION ALL
        (SELECT 1 FROM uploads WHERE uploader_id = p_actor AND uploader_id IS NOT NULL AND state <= 3 LIMIT p_count_max)) unfinished);
END $$;
