-- Webhooks: addresses to which a user's feed is sent. Each has its own place in the feed, which moves on only when what was read there has
-- been taken, so every change is delivered at least once.
CREATE TABLE webhooks (
    id              text COLLATE "C" PRIMARY KEY CHECK (id ~ '^wh-[0-9a-f-]{36}$'),
    user_id         text COLLATE "C" NOT NULL,
    shard           smallint NOT NULL CHECK (shard BETWEEN 0 AND 15),
    url             text NOT NULL CHECK (octet_length(url) BETWEEN 1 AND 2048),
    -- Signs deliveries, so it is kept as it is.
    secret          bytea NOT NULL CHECK (octet_length(secret) BETWEEN 24 AND 64),
    cursor          text NOT NULL,
    -- What the counters of the feed came to when everything was delivered; with the same sum there is nothing to read.
    seen            bigint,
    attempt_count   integer NOT NULL DEFAULT 0 CHECK (attempt_count >= 0),
    failing_since   timestamptz,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    disabled_at     timestamptz,
    -- Outcome of the last attempt, a status code or a word.
    last_outcome    text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT webhooks_failing_has_time CHECK ((attempt_count > 0) = (failing_since IS NOT NULL))
);
CREATE INDEX webhooks_of_users ON webhooks (user_id, id);
CREATE INDEX webhooks_due ON webhooks (shard, next_attempt_at) WHERE disabled_at IS NULL;

-- Sum over the counters of everybody in a user's feed: another one after every change that may concern him.
CREATE FUNCTION feed_sum(p_user text) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT sum(o.last_seq + (o.hash & 1048575))::bigint FROM feed_owners(p_user) o;
$$;

-- Makes a webhook. Returns NULL, 0 when it exists already (a repeat), or a refusal.
CREATE FUNCTION create_webhook(p_id text, p_user text, p_shard integer, p_url text, p_secret bytea, p_cursor text, p_count_max integer)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    other text;
BEGIN
    SELECT user_id INTO other FROM webhooks WHERE id = p_id;
    IF FOUND THEN
        RETURN CASE WHEN other = p_user THEN 0 ELSE 1 END;
    END IF;
    -- Two at once must not both be the last that fits.
    PERFORM pg_advisory_xact_lock(hashtextextended('webhooks of ' || p_user, 0));
    IF (SELECT count(*) FROM webhooks WHERE user_id = p_user) >= p_count_max THEN
        RETURN 3;
    END IF;
    INSERT INTO webhooks (id, user_id, shard, url, secret, cursor) VALUES (p_id, p_user, p_shard, p_url, p_secret, p_cursor)
    ON CONFLICT (id) DO NOTHING;
    RETURN NULL;
END $$;
