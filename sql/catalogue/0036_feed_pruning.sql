-- As before, and so that what is read and written stays in proportion to what goes: of the oldest rows each owner has some, and as many from the
-- beginning of his feed are looked at; those go that stand before the first that is young. An old row behind a young one, as a clock leaves it that
-- was wrong for a while, can't go before that one, so it takes its age: else the same rows would be found, and nobody's go, until that one is old.
-- At most p_limit rows of each table go, and as many take another age. Returns how many, so that whoever calls again while there are p_limit or more comes to the end.
CREATE OR REPLACE FUNCTION prune_feed(p_age interval, p_limit integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    gone integer;
    total integer;
    late_owners text[];
    late_seqs bigint[];
    ages timestamptz[];
BEGIN
    -- One statement, so that the places are those of the rows that were looked at.
    WITH due AS MATERIALIZED (
        SELECT c.owner_id, c.seq FROM changes c WHERE c.at < now() - p_age ORDER BY c.at LIMIT p_limit
    ), heads AS MATERIALIZED (
        SELECT o.owner_id, h.seq, h.at, h.place, bool_and(h.at < now() - p_age) OVER (PARTITION BY o.owner_id ORDER BY h.seq) AS goes
        FROM (SELECT d.owner_id, count(*) AS count FROM due d GROUP BY d.owner_id) o
        CROSS JOIN LATERAL (
            SELECT c.seq, c.at, c.ctid AS place FROM changes c WHERE c.owner_id = o.owner_id ORDER BY c.seq LIMIT o.count) h
    ), removed AS (
        DELETE FROM changes WHERE ctid = ANY (ARRAY(SELECT h.place FROM heads h WHERE h.goes)) RETURNING 1
    ), young AS (
        SELECT DISTINCT ON (h.owner_id) h.owner_id, h.seq, h.at FROM heads h WHERE NOT h.goes ORDER BY h.owner_id, h.seq
    )
    SELECT (SELECT count(*) FROM removed), array_agg(d.owner_id), array_agg(d.seq), array_agg(y.at) INTO total, late_owners, late_seqs, ages
    FROM young y JOIN due d ON d.owner_id = y.owner_id AND d.seq > y.seq;
    FOR i IN 1 .. coalesce(cardinality(late_seqs), 0) LOOP
        UPDATE changes SET at = ages[i] WHERE owner_id = late_owners[i] AND seq = late_seqs[i];
        total := total + 1;
    END LOOP;
    DELETE FROM shared_changes WHERE ctid = ANY (ARRAY(SELECT ctid FROM shared_changes WHERE at < now() - p_age ORDER BY at LIMIT p_limit));
    GET DIAGNOSTICS gone = ROW_COUNT;
    total := total + gone;
    DELETE FROM feed_cursors WHERE ctid = ANY (ARRAY(SELECT ctid FROM feed_cursors WHERE used_at < now() - p_age ORDER BY used_at LIMIT p_limit));
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN total + gone;
END $$;
