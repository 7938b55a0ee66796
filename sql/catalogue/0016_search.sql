-- Search for a text anywhere in a name, in every script, by an index that is part of PostgreSQL: the characters and pairs of neighbouring
-- characters of a name, each hashed with the owner, so that what others have costs nothing.
CREATE FUNCTION name_grams(p_owner text, p_text text) RETURNS integer[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    grams integer[] := '{}';
    before text := '';
    here text;
BEGIN
    FOREACH here IN ARRAY string_to_array(p_text, NULL) LOOP
        grams := grams || hashtext(p_owner || here);
        IF before <> '' THEN
            grams := grams || hashtext(p_owner || before || here);
        END IF;
        before := here;
    END LOOP;
    RETURN grams;
END $$;

-- Each search reads the whole list of what is not yet sorted in, so that list stays short.
CREATE INDEX entries_grams ON entries USING gin (name_grams(owner_id, name_key)) WITH (gin_pending_list_limit = 1024) WHERE deleted_at IS NULL;
