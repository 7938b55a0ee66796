-- True for a row whose object or multipart upload should not be in the store any more: garbage whose time has passed, or an intent
-- that nobody needs any more. What has no row at all should not be there either. All of that is leaked; everything else
-- is live, being written, or waits for its deletion as it should.
CREATE FUNCTION object_is_overdue(o objects, p_garbage_delay interval) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT CASE o.state
        WHEN 'garbage' THEN coalesce(o.deleted_at, o.garbage_at) + p_garbage_delay < now()
            AND (o.deleted_count = 0 OR coalesce(o.urls_until, '-infinity') + p_garbage_delay < now())
        WHEN 'intended' THEN o.intent_deadline < now() AND NOT EXISTS (
            SELECT 1 FROM uploads u WHERE u.id = o.upload_id AND u.state <= 3 AND (
                u.multipart OR u.staging_key = o.key
                OR EXISTS (SELECT 1 FROM upload_parts p WHERE p.upload_id = u.id AND p.object_key = o.key)))
        ELSE false
    END;
$$;

-- The rules under which a session was begun: they stay the same when the configuration changes under it. NULL in sessions that began
-- before they were noted.
ALTER TABLE uploads
    ADD COLUMN dialect text,
    ADD COLUMN part_count_max integer CHECK (part_count_max >= 1);

-- create_upload with the dialect of the store that the session is begun on.
CREATE FUNCTION create_upload_in_dialect(
    p_id text, p_owner text, p_quota bigint, p_mode integer, p_file text, p_is_new boolean, p_expected integer,
    p_name text, p_name_key text, p_parent text, p_on_conflict integer, p_content_type text, p_size bigint,
    p_part_size bigint, p_part_count integer, p_multipart boolean, p_sha256 bytea, p_key text, p_store text,
    p_lifetime interval, p_intent_slack interval, p_dialect text, p_part_count_max integer
) RETURNS TABLE (refusal integer, expires timestamptz, file_name text) LANGUAGE plpgsql AS $$
BEGIN
    SELECT c.refusal, c.expires, c.file_name INTO refusal, expires, file_name
    FROM create_upload(p_id, p_owner, p_quota, p_mode, p_file, p_is_new, p_expected, p_name, p_name_key, p_parent, p_on_conflict,
        p_content_type, p_size, p_part_size, p_part_count, p_multipart, p_sha256, p_key, p_store, p_lifetime, p_intent_slack) c;
    IF refusal IS NULL THEN
        UPDATE uploads SET dialect = p_dialect, part_count_max = p_part_count_max WHERE id = p_id;
    END IF;
    RETURN NEXT;
END $$;
