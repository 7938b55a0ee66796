-- When somebody last signed in with the password; NULL for accounts that have not since this was noted.
ALTER TABLE accounts ADD COLUMN signed_in_at timestamptz;
