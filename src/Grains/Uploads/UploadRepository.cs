using GrainVault.Data;
using GrainVault.Files;
using GrainVault.Options;
using GrainVault.Storage;
using Microsoft.Extensions.Options;
using Npgsql;

namespace GrainVault.Uploads;

/// <summary>A session with what its grain keeps of the ledger: the numbers of the parts.</summary>
internal sealed record LoadedUpload(UploadRow Row, PartSet Parts);

/// <summary>What came of creating a session: a refusal, or the session and whose it is; <paramref name="Exists"/> for a repeat.</summary>
internal sealed record CreatedUpload(Refusal? Refusal, bool Exists, DateTimeOffset ExpiresAt, string Name, string OwnerId = "");

/// <summary>What came of beginning a completion: a refusal, and the parts as they are then.</summary>
internal sealed record BegunCompletion(RefusalReason? Refusal, List<PartRow> Parts);

/// <summary>Content that an owner has.</summary>
internal sealed record KnownContent(string ObjectKey, string Checksum);

/// <summary>Commands on sessions: each is one transaction in one round trip.</summary>
internal sealed class UploadRepository(
    CatalogueDatabase database, IOptions<LimitsOptions> limits, IOptions<JanitorOptions> janitor, IOptions<ShareLinkOptions> links)
{
    /// <summary>Versions of one content that are looked at for one of the owner's.</summary>
    private const int KnownCountMax = 1_000;

    /// <summary>
    /// Takes the session over: what an earlier owner has in flight is not acknowledged any more. Null when there is none.
    /// </summary>
    public Task<LoadedUpload?> LoadAsync(string id) =>
        database.BatchAsync(
            batch =>
            {
                Add(batch, "UPDATE uploads SET epoch = epoch + 1 WHERE id = $1 AND coalesce(state, 0) <= 3", parameters => parameters.Text(id));
                Add(batch, $"SELECT {UploadRow.Columns} FROM uploads WHERE id = $1", parameters => parameters.Text(id));
                Add(batch, "SELECT number FROM upload_parts WHERE upload_id = $1", parameters => parameters.Text(id));
            },
            async reader =>
            {
                var row = await reader.RowAsync(UploadRow.Read);
                if (row is null)
                    return null;
                var parts = new PartSet();
                await reader.NextResultAsync();
                while (await reader.ReadAsync())
                    parts.Add(reader.GetInt32(0));
                return new LoadedUpload(row, parts);
            });

    /// <summary>Creates a session for somebody; its folder or file says whose it is.</summary>
    public async Task<CreatedUpload> CreateAsync(UploadRow row, string actorId, string nameKey, StoreProfile store)
    {
        var isVisit = Ids.IsValid(Ids.Link, actorId);
        var lifetime = isVisit ? "visit_lifetime($2, $20, $24)" : "$20";
        try
        {
            return await database.BatchAsync(
                batch =>
                {
                    if (isVisit)
                        AddVisitGuard(batch, row, actorId);
                    Add(
                        batch,
                        "SELECT guard_open_uploads($1, $2, $3)",
                        parameters => parameters.Text(row.Id).Text(actorId).Integer(limits.Value.OpenUploadCountMax));
                    Add(
                        batch,
                        $"""
                        SELECT refusal, expires, file_name, owner
                        FROM open_upload($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, {lifetime}, $21, $22, $23)
                        """,
                        parameters =>
                        {
                            parameters.Text(row.Id).Text(actorId).Long(limits.Value.QuotaBytes).Integer((int)row.Mode)
                            .Text(row.FileId).Boolean(row.IsNewFile).Integer(row.ExpectedVersion).Text(row.Name).Text(nameKey)
                            .Text(row.ParentId).Integer((int)row.OnConflict).Text(row.ContentType).Long(row.SizeBytes)
                            .Long(row.PartSizeBytes).Integer(row.PartCount).Boolean(row.IsMultipart).Bytes(row.DeclaredSha256)
                            .Text(row.ObjectKey).Text(store.Name).Interval(limits.Value.UploadLifetime).Interval(IntentLife(store))
                            .Text(row.Dialect).Integer(row.PartCountMax);
                            if (isVisit)
                                parameters.Interval(links.Value.UploadIdleMax);
                        });
                    // A new file at the root is the actor's own. Last, since it locks the head of the owner's audit.
                    if (!row.IsNewFile || row.ParentId is not null)
                        Add(batch, "SELECT note_begun_upload($1)", parameters => parameters.Text(row.Id));
                },
                async reader =>
                {
                    for (var guards = isVisit ? 2 : 1; guards > 0; guards--)
                        await reader.NextResultAsync();
                    var created = await reader.CodeAsync() switch
                    {
                        null => new CreatedUpload(null, false, reader.Time(1), reader.GetString(2), reader.GetString(3)),
                        0 => new CreatedUpload(null, true, default, ""),
                        { } reason => new CreatedUpload(Refusals.From((RefusalReason)reason), false, default, ""),
                    };
                    await reader.NextResultAsync();
                    return created;
                });
        }
        catch (RefusedException refused)
        {
            return new CreatedUpload(Refusals.From(refused), false, default, "");
        }
    }

    /// <summary>Looks what the sessions of the visitor's link hold, while no other of them can begin.</summary>
    private void AddVisitGuard(NpgsqlBatch batch, UploadRow row, string linkId) => Add(
        batch,
        "SELECT guard_visit($1, $2, $3, $4, $5)",
        parameters => parameters.Text(row.Id).Text(linkId).Long(row.SizeBytes).Integer(links.Value.OpenUploadCountMax).Long(links.Value.OpenUploadBytesMax));

    /// <summary>Writes down the multipart upload that the store has just begun. False when the session is no longer ours or open.</summary>
    public async Task<bool> RecordStoreUploadAsync(string id, long epoch, string storeUploadId) =>
        await database.ExecuteAsync(
            """
            WITH session AS (
                UPDATE uploads SET store_upload_id = $3 WHERE id = $1 AND epoch = $2 AND coalesce(state, 0) = 1 AND store_upload_id IS NULL
                RETURNING object_key
            )
            UPDATE objects SET store_upload_id = $3 WHERE key IN (SELECT object_key FROM session)
            """,
            parameters => parameters.Text(id).Long(epoch).Text(storeUploadId)) == 1;

    /// <summary>Writes down another key for the whole object, before it is used. False when the session is no longer ours or open.</summary>
    /// <param name="id">Session.</param>
    /// <param name="epoch">Epoch of its owner.</param>
    /// <param name="key">The key.</param>
    /// <param name="callTimeout">Longest time of the store call that writes to it.</param>
    public async Task<bool> IntendAttemptAsync(string id, long epoch, string key, TimeSpan callTimeout) =>
        await database.ExecuteAsync(
            """
            WITH session AS (
                UPDATE uploads SET attempt_count = attempt_count + 1 WHERE id = $1 AND epoch = $2 AND coalesce(state, 0) = 1
                RETURNING owner_id, store
            )
            INSERT INTO objects (key, store, owner_id, state, upload_id, intent_deadline)
            SELECT $3, store, owner_id, 'intended', $1, now() + $4 FROM session
            """,
            parameters => parameters.Text(id).Long(epoch).Text(key).Interval(callTimeout + janitor.Value.IntentSlack)) == 1;

    /// <summary>
    /// An acknowledged part of an open session that the store has for certain. One of a multipart upload for which URLs were handed out
    /// may have been replaced there since.
    /// </summary>
    public Task<PartRow?> FindPartAsync(string id, int number) =>
        database.ReadAsync(
            $"""
            SELECT {PartRow.Columns} FROM upload_parts
            WHERE upload_id = $1 AND number = $2 AND EXISTS (
                SELECT 1 FROM uploads WHERE id = $1 AND coalesce(uploads.state, 0) = 1 AND (upload_parts.object_key IS NOT NULL OR urls_until IS NULL))
            """,
            parameters => parameters.Text(id).Integer(number),
            reader => reader.RowAsync(PartRow.Read));

    /// <summary>True while a session is open, and of this epoch.</summary>
    public Task<bool> IsOpenAsync(string id, long epoch) =>
        database.ReadAsync(
            "SELECT 1 FROM uploads WHERE id = $1 AND epoch = $2 AND coalesce(state, 0) = 1",
            parameters => parameters.Text(id).Long(epoch),
            async reader => await reader.ReadAsync());

    /// <summary>A page of parts, the sum of all, when the session ends by itself, and the file of a completed one.</summary>
    public Task<(List<PartInfo> Parts, long ReceivedBytes, DateTimeOffset ExpiresAt, Entry? File)> ReadPartsAsync(
        UploadRow row, int afterPart, int limit, CancellationToken cancellationToken) =>
        database.ReadBatchAsync(
            batch =>
            {
                Add(
                    batch,
                    $"SELECT {PartRow.Columns} FROM upload_parts WHERE upload_id = $1 AND number > $2 ORDER BY number LIMIT $3",
                    parameters => parameters.Text(row.Id).Integer(afterPart).Integer(limit));
                Add(
                    batch,
                    "SELECT coalesce(sum(size_bytes), 0)::bigint, (SELECT expires_at FROM uploads WHERE id = $1) FROM upload_parts WHERE upload_id = $1",
                    parameters => parameters.Text(row.Id));
                if (row.State == UploadState.Completed)
                    AddFile(batch, row.Id);
            },
            async reader =>
            {
                var parts = await reader.RowsAsync(part => PartRow.Read(part).ToInfo());
                await reader.NextResultAsync();
                await reader.ReadAsync();
                var (received, expiresAt) = (reader.GetInt64(0), reader.TimeOrNull(1) ?? row.ExpiresAt);
                var file = await reader.NextResultAsync() ? await reader.RowAsync(FileRow.ReadEntry) : null;
                return (parts, received, expiresAt, file);
            },
            cancellationToken);

    /// <summary>All parts with their hashes.</summary>
    public Task<List<PartRow>> ReadPartRowsAsync(string id) =>
        database.ReadAsync(
            $"SELECT {PartRow.Columns} FROM upload_parts WHERE upload_id = $1 ORDER BY number",
            parameters => parameters.Text(id),
            reader => reader.RowsAsync(PartRow.Read));

    /// <summary>The file of a completed session as it is now; null when it was removed.</summary>
    public Task<Entry?> FindFileAsync(string id, CancellationToken cancellationToken) =>
        database.ReadBatchAsync(batch => AddFile(batch, id), reader => reader.RowAsync(FileRow.ReadEntry), cancellationToken);

    /// <summary>Closes the session to parts and returns those that it has.</summary>
    public Task<BegunCompletion> BeginCompletionAsync(UploadRow row, CompleteUploadCommand command) =>
        database.BatchAsync(
            batch =>
            {
                Add(
                    batch,
                    "SELECT begin_completion($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                    parameters => parameters.Text(row.Id).Long(row.Epoch).Long(command.SizeBytes).Text(command.Name)
                        .Text(command.Name is { } name ? EntryNames.Key(name) : null)
                        .Boolean(command.IsMove).Text(command.ParentId)
                        .Integer((int?)command.OnConflict)
                        .Bytes(command.VerifiedSha256 is { } sha256 ? Convert.FromHexString(sha256) : null));
                Add(
                    batch,
                    $"SELECT {PartRow.Columns} FROM upload_parts WHERE upload_id = $1 ORDER BY number",
                    parameters => parameters.Text(row.Id));
            },
            async reader =>
            {
                var refusal = (RefusalReason?)await reader.CodeAsync();
                await reader.NextResultAsync();
                return new BegunCompletion(refusal, await reader.RowsAsync(PartRow.Read));
            });

    /// <summary>-> assembled: the content is safe, but there is no place for it.</summary>
    public async Task<bool> RecordAssembledAsync(UploadRow row) =>
        await database.ExecuteAsync(
            """
            UPDATE uploads SET state = 3, object_made = true, touched_at = now(), name = $3, name_key = $4, parent_id = $5, on_conflict = $6
            WHERE id = $1 AND epoch = $2 AND coalesce(state, 0) <= 3
            """,
            parameters => parameters.Text(row.Id).Long(row.Epoch).Text(row.Name).Text(EntryNames.Key(row.Name)).Text(row.ParentId)
                .Integer((int)row.OnConflict)) == 1;

    /// <summary>
    /// Makes the session one for a new file in a folder of another owner, in place of its own file that is gone, or, without a folder, in the root of who
    /// uploads. False when there is no need.
    /// </summary>
    public async Task<(Refusal? Refusal, bool IsMoved)> MoveAsync(UploadRow row, string fileId, string? folderId)
    {
        try
        {
            return await database.QueryAsync(
                "SELECT refusal, is_moved FROM move_upload($1, $2, $3, $4, $5, $6)",
                parameters => parameters.Text(row.Id).Long(row.Epoch).Text(row.ActorId).Long(limits.Value.QuotaBytes).Text(fileId).Text(folderId),
                async reader => (await reader.CodeAsync() is { } reason ? Refusals.From((RefusalReason)reason) : null, reader.GetBoolean(1)));
        }
        catch (RefusedException refused)
        {
            return (Refusals.From(refused), false);
        }
    }

    /// <summary>Makes the session one for a new file beside the one that it was for; returns whether it did, which it doesn't where the uploader may not, and the folder.</summary>
    public Task<(bool Found, string? Folder)> TurnIntoCopyAsync(UploadRow copy) =>
        database.QueryAsync(
            "SELECT folder FROM turn_into_own_copy($1, $2, $3, $4, $5)",
            parameters => parameters.Text(copy.Id).Long(copy.Epoch).Text(copy.FileId).Text(copy.Name).Text(EntryNames.Key(copy.Name)),
            async reader => await reader.ReadAsync() ? (true, reader.TextOrNull(0)) : (false, null));

    /// <summary>completing -> open without the parts that the store lost; returns the new epoch, null when the session is not ours.</summary>
    public Task<long?> ReopenAsync(string id, long epoch, int[] lost, bool forgetMultipart) =>
        database.QueryAsync(
            "SELECT reopen_upload($1, $2, $3, $4)",
            parameters => parameters.Text(id).Long(epoch).Integers(lost).Boolean(forgetMultipart),
            async reader => await reader.ReadAsync() ? reader.LongOrNull(0) : null);

    /// <summary>Ends the session without a file, but not while it is being completed; returns the state that it has then.</summary>
    public Task<UploadState?> EndAsync(string id, UploadState state, bool ifDue) =>
        database.QueryAsync(
            "SELECT close_upload($1, $2, NULL, false, $3)",
            parameters => parameters.Text(id).Integer((int)state).Boolean(ifDue),
            async reader => (UploadState?)await reader.CodeAsync());

    /// <summary>Ends the session because of what its completion found; returns the state that it has then, null when it is not ours any more.</summary>
    public Task<UploadState?> FailCompletionAsync(string id, long epoch, RefusalReason failure) =>
        database.QueryAsync(
            "SELECT fail_completion($1, $2, $3, $4)",
            parameters => parameters.Text(id).Long(epoch).Integer((int)UploadState.Aborted).Integer((int)failure),
            async reader => (UploadState?)await reader.CodeAsync());

    /// <summary>Notes that the store holds nothing of a multipart upload any more.</summary>
    public Task RecordMultipartGoneAsync(string key, string storeUploadId) =>
        database.ExecuteAsync(
            "UPDATE objects SET store_upload_id = NULL WHERE key = $1 AND store_upload_id = $2 AND coalesce(state, '') = 'garbage'",
            parameters => parameters.Text(key).Text(storeUploadId));

    /// <summary>Content of an owner by its hash and size; null when there is none.</summary>
    public Task<KnownContent?> FindKnownAsync(string owner, string store, byte[] sha256, long sizeBytes, CancellationToken cancellationToken) =>
        database.ReadAsync(
            "SELECT object_key, checksum FROM known_content($1, $2, $3, $4, $5)",
            parameters => parameters.Text(owner).Text(store).Bytes(sha256).Long(sizeBytes).Integer(KnownCountMax),
            reader => reader.RowAsync(row => new KnownContent(row.GetString(0), row.GetString(1))),
            cancellationToken);

    /// <summary>
    /// Counts a proof, of the session and of its owner in this hour. Null when it may be looked at; 0 when the session has had too many, or is no
    /// longer ours or open; otherwise in how many seconds the owner may give another.
    /// </summary>
    public Task<int?> CountProofAsync(string id, long epoch, int countMax) =>
        database.QueryAsync(
            "SELECT count_proof($1, $2, $3, $4)",
            parameters => parameters.Text(id).Long(epoch).Integer(countMax).Integer(limits.Value.WrongProofsPerHourPerUser),
            ReaderExtensions.CodeAsync);

    /// <summary>A proof was not wrong: it does not count for its owner's hour.</summary>
    public Task ReturnProofAsync(string owner) =>
        database.ExecuteAsync("UPDATE possession_tries SET tries = tries - 1 WHERE user_id = $1 AND tries > 0", parameters => parameters.Text(owner));

    /// <summary>Notes of which object the uploader has proven to have the content, and returns the proof. False when the session is no longer ours or open.</summary>
    public async Task<bool> RecordKnownAsync(UploadRow row, string objectKey) =>
        await database.QueryAsync(
            """
            WITH known AS (UPDATE uploads SET known_object_key = $3 WHERE id = $1 AND epoch = $2 AND coalesce(state, 0) = 1 RETURNING owner_id),
                returned AS (UPDATE possession_tries t SET tries = t.tries - 1 FROM known WHERE t.user_id = known.owner_id AND t.tries > 0)
            SELECT 1 FROM known
            """,
            parameters => parameters.Text(row.Id).Long(row.Epoch).Text(objectKey),
            reader => reader.ReadAsync());

    /// <summary>An intent must outlive any store call.</summary>
    private TimeSpan IntentLife(StoreProfile store) => store.WriteTimeout + janitor.Value.IntentSlack;

    private static void AddFile(NpgsqlBatch batch, string uploadId) => Add(
        batch,
        $"""
        SELECT {FileRow.Columns} FROM uploads u JOIN entries e ON e.id = u.file_id
        JOIN file_versions v ON v.file_id = e.id AND v.number = u.version_number WHERE u.id = $1
        """,
        parameters => parameters.Text(uploadId));

    private static void Add(NpgsqlBatch batch, string sql, Action<NpgsqlParameterCollection> bind)
    {
        var command = batch.CreateBatchCommand();
        command.CommandText = sql;
        bind(command.Parameters);
        batch.BatchCommands.Add(command);
    }
}
