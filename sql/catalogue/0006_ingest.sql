-- Objects of which the store has sent an event and that nobody has looked at yet. What an event says is not kept: it may be old,
-- doubled or forged, so the store itself is asked. One row a key, however many events come.
CREATE TABLE store_events (
    key           text COLLATE "C" PRIMARY KEY CHECK (octet_length(key) BETWEEN 1 AND 1024),
    shard         smallint NOT NULL CHECK (shard BETWEEN 0 AND 15),
    received_at   timestamptz NOT NULL DEFAULT now(),
    -- Raised by each event; who has looked removes the row only if none came meanwhile.
    event_count   bigint NOT NULL DEFAULT 1,
    attempt_count integer NOT NULL DEFAULT 0,
    due_at        timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX store_events_due ON store_events (shard, due_at);
