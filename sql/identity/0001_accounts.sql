-- Who may sign in. Kept apart from the catalogue, so that it can be a database of its own.

CREATE TABLE accounts (
    id            text COLLATE "C" PRIMARY KEY CHECK (id ~ '^u-[0-9a-f-]{36}$'),
    email         text NOT NULL CHECK (char_length(email) BETWEEN 3 AND 254),
    -- NFC and case-folded by the application; the database alone decides who was first.
    email_key     text COLLATE "C" NOT NULL,
    display_name  text CHECK (char_length(display_name) BETWEEN 1 AND 100),
    password_hash text NOT NULL,
    roles         text NOT NULL DEFAULT '',
    version       bigint NOT NULL DEFAULT 1,
    created_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT accounts_email_key_unique UNIQUE (email_key)
);

-- One row is one signed-in client and its family of refresh tokens (RFC 9700, section 4.14.2): only the hash of the
-- current token is kept, so any other token of the family is known to be an old one.
CREATE TABLE logins (
    id           text COLLATE "C" PRIMARY KEY CHECK (id ~ '^l-[0-9a-f-]{36}$'),
    account_id   text COLLATE "C" NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    token_hash   bytea NOT NULL CHECK (octet_length(token_hash) = 32),
    generation   integer NOT NULL DEFAULT 1 CHECK (generation >= 1),
    created_at   timestamptz NOT NULL DEFAULT now(),
    refreshed_at timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    ended_at     timestamptz
);
CREATE INDEX logins_live ON logins (account_id, refreshed_at) WHERE ended_at IS NULL;
CREATE INDEX logins_expiry ON logins (expires_at);

-- Logins that were ended while access tokens of theirs may still be alive.
CREATE TABLE revocations (
    login_id   text COLLATE "C" PRIMARY KEY,
    revoked_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX revocations_revoked_at ON revocations (revoked_at, login_id);

-- Roles of an account that is about to be made. The lock makes two first sign-ups take turns.
CREATE FUNCTION roles_of_new_account(p_first_is_admin boolean) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    IF NOT p_first_is_admin OR EXISTS (SELECT 1 FROM accounts) THEN
        RETURN '';
    END IF;
    PERFORM pg_advisory_xact_lock(7151130420);
    IF EXISTS (SELECT 1 FROM accounts) THEN
        RETURN '';
    END IF;
    RETURN 'admin';
END $$;

-- Ends logins of an account: all of them, or those beyond the p_keep most recently used.
CREATE FUNCTION end_logins(p_account text, p_keep integer, p_revoke_for interval) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    ended integer;
BEGIN
    WITH over AS (
        SELECT id FROM logins WHERE account_id = p_account AND ended_at IS NULL
        ORDER BY refreshed_at DESC OFFSET p_keep
    ), done AS (
        UPDATE logins SET ended_at = now() WHERE id IN (SELECT id FROM over) AND ended_at IS NULL RETURNING id
    ), noted AS (
        INSERT INTO revocations (login_id, expires_at) SELECT id, now() + p_revoke_for FROM done
        ON CONFLICT DO NOTHING RETURNING 1
    )
    SELECT count(*) INTO ended FROM noted;
    RETURN ended;
END $$;
