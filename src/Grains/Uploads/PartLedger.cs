using GrainVault.Data;
using GrainVault.Options;
using Microsoft.Extensions.Options;

namespace GrainVault.Uploads;

/// <summary>
/// Acknowledges parts. Each acknowledgement is one statement that is conditional on the session's row, locked FOR SHARE,
/// being open with the writer's epoch: a late writer changes nothing, however late.
/// </summary>
internal sealed class PartLedger(CatalogueDatabase database, IOptions<LimitsOptions> limits, IOptions<ShareLinkOptions> links)
{
    private const string Upsert =
        """
        INSERT INTO upload_parts (upload_id, number, size_bytes, etag, sha256, object_key)
        SELECT $1, $3, $4, $5, $6, $7 FROM session
        ON CONFLICT (upload_id, number) DO UPDATE SET
            size_bytes = excluded.size_bytes, etag = excluded.etag, sha256 = excluded.sha256, object_key = excluded.object_key
        """;

    // coalesce() keeps the planner from the partial indexes on states: see sql/catalogue/0002_files.sql.
    private const string AcknowledgePart =
        $"""
        WITH session AS (SELECT 1 FROM uploads WHERE id = $1 AND epoch = $2 AND coalesce(state, 0) = 1 FOR SHARE)
        {Upsert}
        """;

    // A whole object counts only while its own intent stands: the sweeper may have been faster than a writer that slept.
    private const string AcknowledgeWhole =
        $"""
        WITH session AS (
            SELECT 1 FROM uploads u JOIN objects o ON o.key = $7 AND coalesce(o.state, '') = 'intended'
            WHERE u.id = $1 AND u.epoch = $2 AND coalesce(u.state, 0) = 1 FOR SHARE
        )
        {Upsert}
        """;

    /// <summary>Acknowledges a stored part. False: the session is not open in this epoch any more, the bytes do not count.</summary>
    /// <exception cref="RefusedException">A session without a size has no quota left for the part, or a visitor's none of what his link may hold.</exception>
    public async Task<bool> AcknowledgeAsync(string uploadId, PartPermit permit, PartRow part)
    {
        // Who has the permit has opened the session.
        if (Ids.IsValid(Ids.Link, Caller.ActorId))
            return await AcknowledgeVisitorAsync(uploadId, permit.Epoch, part);
        if (permit.IsGrowing)
        {
            return await database.QueryAsync(
                "SELECT acknowledge_growing_part($1, $2, $3, $4, $5, $6)",
                parameters => parameters.Text(uploadId).Long(permit.Epoch).Integer(part.Number).Long(part.SizeBytes)
                    .Text(part.ETag).Bytes(part.Sha256),
                async reader => await reader.ReadAsync() && reader.GetBoolean(0));
        }

        return await database.ExecuteAsync(
            part.ObjectKey is null ? AcknowledgePart : AcknowledgeWhole,
            parameters => parameters.Text(uploadId).Long(permit.Epoch).Integer(part.Number).Long(part.SizeBytes)
                .Text(part.ETag).Bytes(part.Sha256).Text(part.ObjectKey)) == 1;
    }

    /// <summary>A visitor's session lives on with each part, and one without a size may hold no more than those of its link may together.</summary>
    private Task<bool> AcknowledgeVisitorAsync(string uploadId, long epoch, PartRow part) =>
        database.QueryAsync(
            "SELECT acknowledge_visitor_part($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            parameters => parameters.Text(uploadId).Long(epoch).Integer(part.Number).Long(part.SizeBytes).Text(part.ETag).Bytes(part.Sha256)
                .Text(part.ObjectKey).Interval(limits.Value.UploadLifetime).Interval(links.Value.UploadIdleMax).Long(links.Value.OpenUploadBytesMax),
            async reader => await reader.ReadAsync() && reader.GetBoolean(0));
}
