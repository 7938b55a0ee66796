-- Files, their versions, the ledger of objects, and upload sessions. Grains are the only writers; every rule that must
-- hold across grains (names, quota, references) is a constraint or a conditional statement here.

CREATE TABLE installation (
    singleton        boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    id               uuid NOT NULL,
    -- Signs list cursors, so that only issued ones are accepted.
    cursor_key       bytea NOT NULL CHECK (octet_length(cursor_key) = 32),
    -- The store's marker object carries the same token. Each sweep replaces both (next first), so a database or a store
    -- that was restored to an earlier state shows another token, and nothing is deleted until fsck has confirmed.
    sweep_token      uuid NOT NULL,
    sweep_token_next uuid,
    -- Why sweeping stands still; NULL while it runs.
    sweep_stopped    text,
    -- The marker object is written once, when the installation meets its store; when it is missing later, it is another store.
    marker_written   boolean NOT NULL DEFAULT false,
    created_at       timestamptz NOT NULL DEFAULT now()
);
INSERT INTO installation (id, cursor_key, sweep_token)
VALUES (gen_random_uuid(), decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'), gen_random_uuid());

-- Quota and change counter of a user. The row is updated often and in place, by every command that adds something of the
-- user's: that update is what proves the owner's existence. Tables of owned things have no foreign key to it, because the
-- share locks of its checks and the updates by commits of the same user made each other several times as expensive.
CREATE TABLE users (
    id             text COLLATE "C" PRIMARY KEY CHECK (id ~ '^u-[0-9a-f-]{36}$'),
    quota_bytes    bigint NOT NULL CHECK (quota_bytes >= 0),
    used_bytes     bigint NOT NULL DEFAULT 0 CONSTRAINT users_used_bytes_range CHECK (used_bytes >= 0),
    reserved_bytes bigint NOT NULL DEFAULT 0 CONSTRAINT users_reserved_bytes_range CHECK (reserved_bytes >= 0),
    change_seq     bigint NOT NULL DEFAULT 0 CHECK (change_seq >= 0),
    created_at     timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

-- The ledger: every key is here before it is used in the store.
CREATE TABLE objects (
    key             text COLLATE "C" PRIMARY KEY,
    store           text NOT NULL,
    -- NULL for an unknown key that a sweep adopted.
    owner_id        text COLLATE "C",
    -- intended: may be written; live: a version refers to it; garbage: to be deleted, never used again.
    state           text NOT NULL CHECK (state IN ('intended', 'live', 'garbage')),
    size_bytes      bigint CHECK (size_bytes >= 0),
    sha256          bytea CHECK (octet_length(sha256) = 32),
    multipart       boolean NOT NULL DEFAULT false,
    store_upload_id text,
    upload_id       text COLLATE "C",
    intent_deadline timestamptz,
    garbage_at      timestamptz,
    deleted_count   smallint NOT NULL DEFAULT 0 CHECK (deleted_count BETWEEN 0 AND 2),
    deleted_at      timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT objects_intended_has_deadline CHECK (state <> 'intended' OR intent_deadline IS NOT NULL),
    CONSTRAINT objects_live_has_size CHECK (state <> 'live' OR size_bytes IS NOT NULL),
    CONSTRAINT objects_garbage_has_time CHECK ((state = 'garbage') = (garbage_at IS NOT NULL)),
    CONSTRAINT objects_only_garbage_is_deleted CHECK (state = 'garbage' OR deleted_count = 0)
);
CREATE INDEX objects_intents ON objects (intent_deadline) WHERE state = 'intended';
CREATE INDEX objects_garbage ON objects (garbage_at) WHERE state = 'garbage';
CREATE INDEX objects_of_uploads ON objects (upload_id) WHERE upload_id IS NOT NULL;

-- Files, folders and shortcuts. kind: 1 file, 2 folder, 3 shortcut. visibility: 1 private, 2 public.
CREATE TABLE entries (
    id              text COLLATE "C" PRIMARY KEY CHECK (id ~ '^f-[0-9a-f-]{36}$'),
    owner_id        text COLLATE "C" NOT NULL,
    parent_id       text COLLATE "C" REFERENCES entries (id),
    kind            smallint NOT NULL CHECK (kind IN (1, 2, 3)),
    name            text NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 255 AND name NOT IN ('.', '..') AND position('/' IN name) = 0),
    -- NFC and case-folded by the application.
    name_key        text COLLATE "C" NOT NULL CHECK (name_key <> ''),
    visibility      smallint NOT NULL DEFAULT 1 CHECK (visibility IN (1, 2)),
    -- NULL for what has no content. Without a foreign key: entry and first version refer to each other, so the check would be
    -- deferred to the commit, where the user's row is locked and every commit of that user waits. Commands write both rows
    -- in one transaction, and fsck compares.
    current_version integer CHECK (current_version >= 1),
    version         bigint NOT NULL DEFAULT 1,
    created_at      timestamptz NOT NULL DEFAULT now(),
    modified_at     timestamptz NOT NULL DEFAULT now(),
    deleted_at      timestamptz,
    CONSTRAINT entries_only_files_have_versions CHECK ((kind = 1) = (current_version IS NOT NULL)),
    CONSTRAINT entries_not_own_parent CHECK (parent_id <> id)
);
-- The root's parent is NULL, so NULLs must collide too.
CREATE UNIQUE INDEX entries_live_name ON entries (owner_id, parent_id, name_key) NULLS NOT DISTINCT WHERE deleted_at IS NULL;
CREATE INDEX entries_recent ON entries (owner_id, modified_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX entries_trash ON entries (owner_id, deleted_at DESC, id DESC) WHERE deleted_at IS NOT NULL;
CREATE INDEX entries_public ON entries (owner_id, modified_at DESC, id DESC) WHERE deleted_at IS NULL AND visibility = 2;
CREATE INDEX entries_children ON entries (parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE file_versions (
    file_id      text COLLATE "C" NOT NULL REFERENCES entries (id),
    number       integer NOT NULL CHECK (number >= 1),
    -- NULL for the empty content, which needs no object.
    object_key   text COLLATE "C" REFERENCES objects (key),
    size_bytes   bigint NOT NULL CHECK (size_bytes >= 0),
    content_type text NOT NULL,
    -- Strong validator: SHA-256 of one-part content, else the composite of the parts' hashes.
    checksum     text NOT NULL,
    sha256       bytea CHECK (octet_length(sha256) = 32),
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (file_id, number),
    CONSTRAINT file_versions_object_iff_bytes CHECK ((object_key IS NULL) = (size_bytes = 0))
);
CREATE INDEX file_versions_objects ON file_versions (object_key);
CREATE INDEX file_versions_unhashed ON file_versions (created_at, file_id) WHERE sha256 IS NULL;

-- Upload sessions. state: 1 open, 2 completing, 3 assembled, 4 completed, 5 aborted, 6 expired. mode: 1 proxied, 2 direct.
-- on_conflict: 1 fail, 2 rename.
CREATE TABLE uploads (
    id               text COLLATE "C" PRIMARY KEY CHECK (id ~ '^up-[0-9a-f-]{36}$'),
    owner_id         text COLLATE "C" NOT NULL,
    state            smallint NOT NULL DEFAULT 1 CHECK (state BETWEEN 1 AND 6),
    mode             smallint NOT NULL CHECK (mode IN (1, 2)),
    -- Raised by each new owner of the session; what an older one still has in flight is not acknowledged.
    epoch            bigint NOT NULL DEFAULT 1 CHECK (epoch >= 1),
    file_id          text COLLATE "C" NOT NULL,
    is_new_file      boolean NOT NULL,
    expected_version integer,
    name             text NOT NULL,
    name_key         text COLLATE "C" NOT NULL,
    parent_id        text COLLATE "C",
    on_conflict      smallint NOT NULL CHECK (on_conflict IN (1, 2)),
    content_type     text NOT NULL,
    size_bytes       bigint CHECK (size_bytes >= 0),
    part_size_bytes  bigint NOT NULL CHECK (part_size_bytes > 0),
    part_count       integer CHECK (part_count >= 0),
    multipart        boolean NOT NULL,
    -- What the client announced, and what the front end computed while all parts passed in order.
    declared_sha256  bytea CHECK (octet_length(declared_sha256) = 32),
    verified_sha256  bytea CHECK (octet_length(verified_sha256) = 32),
    reserved_bytes   bigint NOT NULL CHECK (reserved_bytes >= 0),
    store            text NOT NULL,
    -- Key of the multipart object, or of the first whole-object attempt. The ledger's row outlives the open session by the
    -- rule of expire_intents, and may go after it has ended.
    object_key       text COLLATE "C",
    store_upload_id  text,
    attempt_count    integer NOT NULL DEFAULT 1,
    object_made      boolean NOT NULL DEFAULT false,
    version_number   integer,
    -- Refusal that ended the session (RefusalReason), replayed to whoever asks again.
    failure          smallint,
    created_at       timestamptz NOT NULL DEFAULT now(),
    touched_at       timestamptz NOT NULL DEFAULT now(),
    expires_at       timestamptz NOT NULL,
    ended_at         timestamptz,
    CONSTRAINT uploads_ended_reserves_nothing CHECK (state <= 3 OR reserved_bytes = 0),
    CONSTRAINT uploads_ended_has_time CHECK ((state >= 4) = (ended_at IS NOT NULL)),
    CONSTRAINT uploads_completed_has_version CHECK ((state = 4) = (version_number IS NOT NULL))
) WITH (fillfactor = 70);
CREATE INDEX uploads_unfinished ON uploads (owner_id, id DESC) WHERE state <= 3;
CREATE INDEX uploads_expiry ON uploads (expires_at) WHERE state IN (1, 3);
CREATE INDEX uploads_completing ON uploads (touched_at) WHERE state = 2;
CREATE INDEX uploads_ended ON uploads (ended_at) WHERE state >= 4;

-- Acknowledged parts: one row, one upsert a part.
CREATE TABLE upload_parts (
    upload_id  text COLLATE "C" NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
    number     integer NOT NULL CHECK (number BETWEEN 1 AND 10000),
    size_bytes bigint NOT NULL CHECK (size_bytes > 0),
    etag       text NOT NULL,
    sha256     bytea NOT NULL CHECK (octet_length(sha256) = 32),
    -- The whole-object attempt that won; NULL in a multipart upload.
    object_key text COLLATE "C",
    PRIMARY KEY (upload_id, number)
);

-- Per-user feed; kind: 1 created, 2 changed, 3 trashed, 4 restored, 5 removed. seq has no gaps.
CREATE TABLE changes (
    owner_id text COLLATE "C" NOT NULL,
    seq      bigint NOT NULL CHECK (seq >= 1),
    entry_id text COLLATE "C" NOT NULL,
    kind     smallint NOT NULL CHECK (kind BETWEEN 1 AND 5),
    at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner_id, seq)
);

CREATE TABLE idempotency_keys (
    user_id     text COLLATE "C" NOT NULL,
    key         text COLLATE "C" NOT NULL CHECK (char_length(key) BETWEEN 1 AND 255),
    fingerprint text NOT NULL,
    resource_id text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

-- When each janitor shard last compared its part of the store with the ledger.
CREATE TABLE janitor_shards (
    shard    smallint PRIMARY KEY CHECK (shard BETWEEN 0 AND 15),
    swept_at timestamptz NOT NULL
);
