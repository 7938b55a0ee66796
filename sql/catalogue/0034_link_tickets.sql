-- A ticket lets one download by a link go on. What was sent under it is counted here, so that it is no second download, nor a hundredth: by
-- the hash of the ticket, so that nobody who reads the database has one. Bytes are taken before they are sent; those that were not are
-- given back. A ticket without a row, such as one of a release before this, is none.
CREATE TABLE link_tickets (
    -- SHA-256 of the ticket.
    ticket_hash  bytea PRIMARY KEY CHECK (octet_length(ticket_hash) = 32),
    link_id      text COLLATE "C" NOT NULL REFERENCES links (id) ON DELETE CASCADE,
    sent_bytes   bigint NOT NULL CHECK (sent_bytes >= 0),
    expires_at   timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX link_tickets_of_links ON link_tickets (link_id);
CREATE INDEX link_tickets_expired ON link_tickets (expires_at);

-- As count_download, with the ticket that the download gets.
CREATE FUNCTION begin_download(p_link text, p_now timestamptz, p_ticket_hash bytea, p_bytes bigint, p_expires_at timestamptz)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF NOT count_download(p_link, p_now) THEN
        RETURN false;
    END IF;
    INSERT INTO link_tickets (ticket_hash, link_id, sent_bytes, expires_at) VALUES (p_ticket_hash, p_link, p_bytes, p_expires_at);
    RETURN true;
END $$;
