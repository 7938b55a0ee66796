-- What janitors remove by age is found by an index.
CREATE INDEX revocations_expiry ON revocations (expires_at);
CREATE INDEX logins_ended ON logins (ended_at) WHERE ended_at IS NOT NULL;
