-- The marker object is written once, when the installation meets its store; when it is missing later, it is another store.
ALTER TABLE installation ADD COLUMN marker_written boolean NOT NULL DEFAULT false;
