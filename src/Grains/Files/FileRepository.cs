using GrainVault.Audit;
using GrainVault.Data;
using GrainVault.Options;
using GrainVault.Storage;
using GrainVault.Uploads;
using Microsoft.Extensions.Options;

namespace GrainVault.Files;

/// <summary>What was made of a commit: a refusal, or the file as it is now.</summary>
internal sealed record CommitResult(Refusal? Refusal, FileRow? File);

/// <summary>Commands and queries on one entry.</summary>
internal sealed class FileRepository(CatalogueDatabase database, IOptions<LimitsOptions> limits)
{
    public Task<FileRow?> FindAsync(string id, CancellationToken cancellationToken) =>
        database.ReadAsync(
            $"SELECT {FileRow.RememberedColumns} FROM {FileRow.From} WHERE e.id = $1 AND e.purging_at IS NULL AND (e.parent_id IS NULL OR NOT entry_is_purged(e.parent_id))",
            parameters => parameters.Text(id),
            reader => reader.RowAsync(FileRow.ReadRemembered),
            cancellationToken);

    /// <summary>The file as it was with another version; null when there is no such version.</summary>
    public Task<FileRow?> FindVersionAsync(string id, int number, CancellationToken cancellationToken) =>
        database.ReadAsync(
            $"SELECT {FileRow.Columns} FROM entries e JOIN file_versions v ON v.file_id = e.id AND v.number = $2 WHERE e.id = $1",
            parameters => parameters.Text(id).Integer(number),
            reader => reader.RowAsync(FileRow.Read),
            cancellationToken);

    /// <summary>What somebody else than the owner may do with the entry now.</summary>
    public Task<EntrySight> FindSightAsync(string id, string? userId, CancellationToken cancellationToken) =>
        database.ReadAsync(
            EntrySight.Sql,
            parameters => parameters.Text(id).Text(userId),
            EntrySight.ReadAsync,
            cancellationToken);

    /// <summary>An entry as somebody may see it who has just made or changed it: with his role, and without its folder, unless he sees that.</summary>
    public async Task<Entry> AsSeenAsync(Entry entry, string? userId) =>
        entry.OwnerId == userId ? entry : (await FindSightAsync(entry.Id, userId, CancellationToken.None)).Show(entry);

    /// <summary>
    /// Writes down the key of a one-request upload before it is used. Returns null to go on, 0 when the file exists, or a refusal; and whose
    /// file it becomes.
    /// </summary>
    public Task<(int? Code, string OwnerId)> IntendAsync(
        string actorId, long quotaBytes, WriteFileCommand command, string? key, StoreProfile store, TimeSpan lives) =>
        database.QueryAsync(
            "SELECT refusal, owner FROM intend_file_as($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            parameters => parameters.Text(actorId).Long(quotaBytes).Text(command.FileId).Text(command.ParentId)
                .Text(EntryNames.Key(command.Name)).Boolean(command.OnConflict == OnConflict.Rename)
                .Long(command.Content.Bytes.Length).Text(key).Text(store.Name).Bytes(command.Sha256).Interval(lives),
            async reader => (await reader.CodeAsync(), reader.TextOrNull(1) ?? actorId));

    /// <summary>Runs the one transaction of a commit and returns the file as it is then, in one round trip.</summary>
    public async Task<CommitResult> CommitAsync(string fileId, CommitVersionCommand command)
    {
        try
        {
            CommitResult? result = null;
            // Who can't see the names that are taken, can't choose another one.
            var candidates = Ids.IsValid(Ids.Link, command.ActorId) ? EntryNames.UnseenCandidates(command.Name, fileId) : EntryNames.Candidates(command.Name);
            foreach (var names in candidates)
            {
                result = await CommitAsync(fileId, command, names);
                if (!IsTaken(result, command))
                    break;
            }

            return result!;
        }
        catch (RefusedException refused)
        {
            return new CommitResult(Refusals.From(refused), null);
        }
    }

    /// <summary>Makes a file that refers to the content of another, under the first name that is free, and returns it.</summary>
    public async Task<CommitResult> CopyAsync(string user, string id, string sourceId, string name, string? parentId, OnConflict onConflict)
    {
        try
        {
            CommitResult? result = null;
            foreach (var names in EntryNames.Candidates(name))
            {
                result = await CopyAsync(user, id, sourceId, names, parentId);
                if (result.Refusal?.Reason != RefusalReason.NameTaken || onConflict != OnConflict.Rename)
                    break;
            }

            return result!;
        }
        catch (RefusedException refused)
        {
            return new CommitResult(Refusals.From(refused.Reason), null);
        }
    }

    public async Task<Refusal?> DeleteAsync(string owner, string id, bool permanent)
    {
        var code = await database.QueryAsync(
            permanent ? "SELECT purge_entry($1, $2)" : "SELECT trash_entry($1, $2)",
            parameters => parameters.Text(owner).Text(id),
            ReaderExtensions.CodeAsync,
            note: new AuditNote(permanent ? AuditActions.Purge : AuditActions.Trash));
        return code switch
        {
            null => null,
            (int)RefusalReason.Invalid => Refusals.Invalid("The folder is not empty."),
            { } reason => Refusals.From((RefusalReason)reason),
        };
    }

    /// <summary>Moves an entry that has one of the tags to the trash.</summary>
    public async Task<Refusal?> TrashMatchingAsync(string owner, string id, string[] tags) =>
        await database.QueryAsync(
            "SELECT trash_matching($1, $2, $3)",
            parameters => parameters.Text(owner).Text(id).Texts(tags),
            ReaderExtensions.CodeAsync,
            note: new AuditNote(AuditActions.Trash)) is { } reason ? Refusals.From((RefusalReason)reason) : null;

    /// <summary>Number of the current version of a file that has one of the tags; 0, which no version has, when it has none of them.</summary>
    public Task<int> FindExpectedVersionAsync(string fileId, string[] tags, CancellationToken cancellationToken) =>
        database.ReadAsync(
            "SELECT current_version FROM entries WHERE id = $1 AND kind = 1 AND version = ANY (expected_row_versions($1, $2))",
            parameters => parameters.Text(fileId).Texts(tags),
            async reader => await reader.ReadAsync() ? reader.GetInt32(0) : 0,
            cancellationToken);

    /// <summary>
    /// An upload to a file that is refused for the version hears which one there is. Who may know that the file is in the trash, which is its
    /// owner, hears that; to all others it is not there.
    /// </summary>
    public async Task<Refusal?> ExplainAsync(string fileId, string? actorId, Refusal? refusal)
    {
        if (refusal is { Reason: RefusalReason.VersionConflict } && await FindAsync(fileId, CancellationToken.None) is { } now)
            return refusal with { CurrentVersion = now.Entry.Version, CurrentTag = now.Checksum };
        return refusal is { Reason: RefusalReason.NotFound }
            && await FindAccessAsync(fileId, actorId) is { Role: EntryRole.Owner, Kind: EntryKind.File, IsLive: false }
                ? Refusals.From(RefusalReason.InTrash)
                : refusal;
    }

    /// <summary>Notes the SHA-256 of a version that has none. False when there is no such version.</summary>
    public async Task<bool> RecordSha256Async(string id, int number, byte[] sha256) =>
        await database.ExecuteRepeatablyAsync(
            "UPDATE file_versions SET sha256 = $3 WHERE file_id = $1 AND number = $2 AND (sha256 IS NULL OR sha256 = $3)",
            parameters => parameters.Text(id).Integer(number).Bytes(sha256),
            note: AuditNote.None) == 1;

    /// <summary>Gives up an intent whose commit was refused, so that it need not wait for its deadline.</summary>
    public Task AbandonAsync(string key) =>
        database.ExecuteAsync(
            "UPDATE objects SET state = 'garbage', garbage_at = now(), intent_deadline = NULL WHERE key = $1 AND coalesce(state, '') = 'intended'",
            parameters => parameters.Text(key));

    private Task<EntryAccess?> FindAccessAsync(string id, string? userId) =>
        database.ReadAsync(EntryAccess.Sql, parameters => parameters.Text(id).Text(userId), reader => reader.RowAsync(EntryAccess.Read));

    private Task<CommitResult> CommitAsync(string fileId, CommitVersionCommand command, string[] names) =>
        database.BatchAsync(
            batch =>
            {
                var commit = batch.CreateBatchCommand();
                commit.CommandText =
                    "SELECT refusal, version_number FROM commit_version_as($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
                commit.Parameters.Text(command.ActorId ?? command.OwnerId).Text(command.OwnerId).Text(fileId).Boolean(command.IsNewFile)
                    .Texts(names).Texts(Array.ConvertAll(names, EntryNames.Key)).Text(command.ParentId).Integer(command.ExpectedVersion)
                    .Text(command.ObjectKey).Long(command.SizeBytes).Text(command.Checksum)
                    .Bytes(command.Sha256 is { } sha256 ? Convert.FromHexString(sha256) : null).Text(command.ContentType)
                    .Text(command.UploadId).Long(command.UploadEpoch);
                batch.BatchCommands.Add(commit);
                var read = batch.CreateBatchCommand();
                read.CommandText = $"SELECT {FileRow.RememberedColumns} FROM {FileRow.From} WHERE e.id = $1 AND e.owner_id = $2";
                read.Parameters.Text(fileId).Text(command.OwnerId);
                batch.BatchCommands.Add(read);
            },
            async reader =>
            {
                if (await reader.CodeAsync() is { } reason)
                    return new CommitResult(Refusals.From((RefusalReason)reason), null);
                await reader.NextResultAsync();
                var file = await reader.RowAsync(FileRow.ReadRemembered);
                return file is null ? new CommitResult(Refusals.NotFound("file"), null) : new CommitResult(null, file);
            },
            note: FileNotes.Of(command));

    private Task<CommitResult> CopyAsync(string user, string id, string sourceId, string[] names, string? parentId) =>
        database.BatchAsync(
            batch =>
            {
                var copy = batch.CreateBatchCommand();
                copy.CommandText = "SELECT copy_file($1, $2, $3, $4, $5, $6, $7)";
                copy.Parameters.Text(user).Long(limits.Value.QuotaBytes).Text(id).Text(sourceId).Texts(names)
                    .Texts(Array.ConvertAll(names, EntryNames.Key)).Text(parentId);
                batch.BatchCommands.Add(copy);
                var read = batch.CreateBatchCommand();
                read.CommandText = $"SELECT {FileRow.Columns} FROM {FileRow.From} WHERE e.id = $1";
                read.Parameters.Text(id);
                batch.BatchCommands.Add(read);
            },
            async reader =>
            {
                switch (await reader.CodeAsync())
                {
                    case (int)RefusalReason.Invalid:
                        return new CommitResult(Refusals.Invalid("Only files are copied; of a folder, copy the files in it."), null);
                    case { } reason and not 0:
                        return new CommitResult(Refusals.From((RefusalReason)reason), null);
                }

                await reader.NextResultAsync();
                var file = await reader.RowAsync(FileRow.Read);
                return file is null ? new CommitResult(Refusals.NotFound("file"), null) : new CommitResult(null, file);
            },
            note: AuditNote.Of(AuditActions.Copy, ("sourceId", sourceId)));

    private static bool IsTaken(CommitResult result, CommitVersionCommand command) =>
        result.Refusal?.Reason == RefusalReason.NameTaken && command.IsNewFile && command.OnConflict == OnConflict.Rename;
}
