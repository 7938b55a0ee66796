-- Which cluster works on this database, so that a process of another one is turned away before it joins, with a reason,
-- instead of making a second activation of every grain. At most one row.
CREATE TABLE GrainVaultCluster
(
    TheOne              boolean     NOT NULL PRIMARY KEY DEFAULT true CHECK (TheOne),
    ClusterId           text        NOT NULL, -- as silos write it into the member table
    ServiceId           text        NOT NULL,
    Secret              bytea       NOT NULL CHECK (octet_length(Secret) = 32), -- a fingerprint, not the secret
    PreviousSecret      bytea       CHECK (octet_length(PreviousSecret) = 32),  -- while the secret is being rotated
    ChangedAt           timestamptz NOT NULL DEFAULT now()
);
