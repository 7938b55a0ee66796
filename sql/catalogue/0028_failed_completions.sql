-- Ends a session whose content is not what was announced, if it is still of this epoch. A session of a whole object stays open while its
-- completion reads it, so that another activation may have taken other content for it meanwhile: that is not what was found wrong.
-- Returns the state that it has then, NULL when it is of another epoch or not there.
CREATE FUNCTION fail_completion(p_id text, p_epoch bigint, p_state integer, p_failure integer) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM uploads WHERE id = p_id AND epoch = p_epoch FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    RETURN end_upload(p_id, p_state, p_failure, true, false);
END $$;
