using GrainVault.Storage;
using Npgsql;

namespace GrainVault.Cli.Fsck;

/// <summary>Every acknowledged part of an unfinished session is in the store, and the session may still become a file.</summary>
internal sealed class SessionCheck(NpgsqlDataSource catalogue, IObjectStore store, FsckReport report)
{
    private sealed record Session(string Id, short State, string? Key, string? StoreUploadId);

    private sealed record Part(int Number, long SizeBytes, string ETag, string? Key);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        foreach (var session in await ReadSessionsAsync(cancellationToken))
        {
            var parts = await ReadPartsAsync(session.Id, cancellationToken);
            var missing = await FindMissingAsync(session, parts, cancellationToken);
            // A session that went on meanwhile is another one than was looked at.
            if (missing.Count == 0 || await IsChangedAsync(session, cancellationToken))
                continue;
            foreach (var part in missing)
                report.Add(FindingKinds.PartMissing, session.Id, $"part {part.Number} of {part.SizeBytes} bytes was acknowledged and is not in the store");
        }

        await CheckIntentsAsync(cancellationToken);
    }

    private async Task<List<Part>> FindMissingAsync(Session session, List<Part> parts, CancellationToken cancellationToken)
    {
        var missing = new List<Part>();
        var whole = parts.Where(part => part.Key is not null).ToList();
        foreach (var part in whole)
        {
            if ((await store.FindAsync(part.Key!, cancellationToken))?.SizeBytes != part.SizeBytes)
                missing.Add(part);
        }

        if (whole.Count == parts.Count || session.Key is null)
            return missing;
        // The multipart object may be made already: by a completion that a crash cut short, or one that found no place.
        if ((await store.FindAsync(session.Key, cancellationToken))?.SizeBytes == parts.Sum(part => part.SizeBytes))
            return missing;
        var stored = await ListPartsAsync(session, cancellationToken);
        missing.AddRange(parts.Where(part => part.Key is null
            && !(stored.TryGetValue(part.Number, out var found) && found.ETag == part.ETag && found.SizeBytes == part.SizeBytes)));
        return missing;
    }

    private async Task<Dictionary<int, StoredPart>> ListPartsAsync(Session session, CancellationToken cancellationToken)
    {
        var stored = new Dictionary<int, StoredPart>();
        if (session.StoreUploadId is null || store is not IMultipartStore multipart)
            return stored;
        var after = 0;
        try
        {
            while (await multipart.ListPartsAsync(session.Key!, session.StoreUploadId, after, cancellationToken) is { Count: > 0 } page)
            {
                foreach (var part in page)
                    stored[part.Number] = part;
                after = page[^1].Number;
            }
        }
        catch (ObjectStoreException exception) when (exception.Error is ObjectStoreError.UploadNotFound or ObjectStoreError.NotFound)
        {
            stored.Clear();
        }

        return stored;
    }

    private async Task CheckIntentsAsync(CancellationToken cancellationToken)
    {
        await using var command = catalogue.CreateCommand(
            """
            SELECT u.id, coalesce(o.state, 'none') FROM uploads u LEFT JOIN objects o ON o.key = u.object_key
            WHERE u.state <= 3 AND u.multipart AND coalesce(o.state, 'none') <> 'intended'
            UNION ALL
            SELECT u.id, coalesce(o.state, 'none') FROM uploads u JOIN upload_parts p ON p.upload_id = u.id
            LEFT JOIN objects o ON o.key = p.object_key
            WHERE u.state <= 3 AND NOT u.multipart AND coalesce(o.state, 'none') <> 'intended'
            """);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            report.Add(FindingKinds.SessionBroken, await TextAsync(reader, 0), $"its object is '{await TextAsync(reader, 1)}', not 'intended'");
    }

    private async Task<List<Session>> ReadSessionsAsync(CancellationToken cancellationToken)
    {
        await using var command = catalogue.CreateCommand(
            """
            SELECT id, state, object_key, store_upload_id FROM uploads
            WHERE state <= 3 AND EXISTS (SELECT 1 FROM upload_parts WHERE upload_id = id) ORDER BY id
            """);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var sessions = new List<Session>();
        while (await reader.ReadAsync(cancellationToken))
        {
            sessions.Add(new Session(
                await TextAsync(reader, 0),
                await reader.GetFieldValueAsync<short>(1, cancellationToken),
                await TextOrNullAsync(reader, 2),
                await TextOrNullAsync(reader, 3)));
        }

        return sessions;
    }

    private async Task<List<Part>> ReadPartsAsync(string id, CancellationToken cancellationToken)
    {
        await using var command = catalogue.CreateCommand(
            "SELECT number, size_bytes, etag, object_key FROM upload_parts WHERE upload_id = $1 ORDER BY number");
        command.Parameters.AddWithValue(id);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var parts = new List<Part>();
        while (await reader.ReadAsync(cancellationToken))
        {
            parts.Add(new Part(
                await reader.GetFieldValueAsync<int>(0, cancellationToken),
                await reader.GetFieldValueAsync<long>(1, cancellationToken),
                await TextAsync(reader, 2),
                await TextOrNullAsync(reader, 3)));
        }

        return parts;
    }

    private async Task<bool> IsChangedAsync(Session session, CancellationToken cancellationToken)
    {
        await using var command = catalogue.CreateCommand("SELECT 1 FROM uploads WHERE id = $1 AND state = $2");
        command.Parameters.AddWithValue(session.Id);
        command.Parameters.AddWithValue(session.State);
        return await command.ExecuteScalarAsync(cancellationToken) is null;
    }

    private static Task<string> TextAsync(NpgsqlDataReader reader, int column) => reader.GetFieldValueAsync<string>(column);

    private static async Task<string?> TextOrNullAsync(NpgsqlDataReader reader, int column) =>
        await reader.IsDBNullAsync(column) ? null : await TextAsync(reader, column);
}
