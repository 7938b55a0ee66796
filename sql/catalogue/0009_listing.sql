-- An index for each order of a list, so that a page costs what the page has: in one folder, and through all folders of an owner.
CREATE INDEX entries_folder_times ON entries (owner_id, parent_id, modified_at, id) WHERE deleted_at IS NULL;
CREATE INDEX entries_folder_sizes ON entries (owner_id, parent_id, size_bytes, id) WHERE deleted_at IS NULL;
CREATE INDEX entries_names ON entries (owner_id, name_key, id) WHERE deleted_at IS NULL;
CREATE INDEX entries_sizes ON entries (owner_id, size_bytes, id) WHERE deleted_at IS NULL;
