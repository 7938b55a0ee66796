using GrainVault.Audit;
using GrainVault.Data;
using GrainVault.Options;
using Microsoft.Extensions.Options;
using Npgsql;

namespace GrainVault.Files;

/// <summary>Entries that are to be removed for good, what is in a folder before the folder.</summary>
/// <param name="Ids">Ids of the entries.</param>
/// <param name="ParentIds">Their folders.</param>
internal sealed record ListedPurge(string[] Ids, string?[] ParentIds);

/// <summary>Commands on where entries stand: each is one transaction in one round trip, and returns the entry as it is then.</summary>
internal sealed class FolderRepository(CatalogueDatabase database, IOptions<LimitsOptions> limits)
{
    /// <summary>Makes a folder on behalf of somebody; the folder that it comes to says whose it is.</summary>
    public Task<CommitResult> CreateAsync(string actorId, string id, CreateFolderCommand command) =>
        RunAsync(
            owner: null,
            id,
            "SELECT create_folder_as($1, $2, $3, $4, $5, $6)",
            parameters => parameters.Text(actorId).Long(limits.Value.QuotaBytes).Text(id).Text(command.Name)
                .Text(EntryNames.Key(command.Name)).Text(command.ParentId),
            AuditNote.Of(AuditActions.CreateFolder, ("parentId", command.ParentId)));

    public Task<CommitResult> ChangeAsync(string owner, string id, ChangeEntryCommand command) =>
        RunAsync(
            owner,
            id,
            "SELECT change_entry($1, $2, $3, $4, $5, $6, $7, coalesce($8, expected_row_versions($2, $9)))",
            parameters => parameters.Text(owner).Text(id).Text(command.Name)
                .Text(command.Name is { } name ? EntryNames.Key(name) : null).Boolean(command.IsMove).Text(command.ParentId)
                .Integer((int?)command.Visibility).Longs(command.ExpectedRowVersions).Texts(command.ExpectedTags),
            FileNotes.Of(command));

    /// <summary>Renames an entry for somebody who does not see its folder: under the first numbered name where his is taken.</summary>
    public async Task<CommitResult> RenameUnseenAsync(string owner, string id, ChangeEntryCommand command)
    {
        CommitResult? result = null;
        foreach (var names in EntryNames.Candidates(command.Name!))
        {
            result = await RunAsync(
                owner,
                id,
                "SELECT rename_unseen($1, $2, $3, $4, coalesce($5, expected_row_versions($2, $6)))",
                parameters => parameters.Text(owner).Text(id).Texts(names).Texts(Array.ConvertAll(names, EntryNames.Key))
                    .Longs(command.ExpectedRowVersions).Texts(command.ExpectedTags),
                FileNotes.Of(command));
            if (result.Refusal?.Reason != RefusalReason.NameTaken)
                break;
        }

        return result!;
    }


    /// <summary>Makes a shortcut; without a name of its own it gets the target's, numbered where that is taken.</summary>
    public async Task<CommitResult> CreateShortcutAsync(string actor, string id, CreateShortcutCommand command, string name)
    {
        CommitResult? result = null;
        foreach (var names in EntryNames.Candidates(name))
        {
            result = await RunAsync(
                owner: null,
                id,
                "SELECT create_shortcut($1, $2, $3, $4, $5, $6, $7)",
                parameters => parameters.Text(actor).Long(limits.Value.QuotaBytes).Text(id).Text(command.TargetId).Texts(names)
                    .Texts(Array.ConvertAll(names, EntryNames.Key)).Text(command.ParentId),
                AuditNote.Of(AuditActions.CreateShortcut, ("targetId", command.TargetId), ("parentId", command.ParentId)));
            if (result.Refusal?.Reason != RefusalReason.NameTaken || command.Name is not null)
                break;
        }

        return result!;
    }

    /// <summary>Takes an entry out of the trash, under the first name that is free where it comes to stand.</summary>
    public async Task<CommitResult> RestoreAsync(string owner, string id, string name, string[]? tags)
    {
        CommitResult? result = null;
        foreach (var names in EntryNames.Candidates(name))
        {
            result = await RunAsync(
                owner,
                id,
                tags is null ? "SELECT restore_entry($1, $2, $3, $4)" : "SELECT restore_matching($1, $2, $3, $4, $5)",
                parameters =>
                {
                    parameters.Text(owner).Text(id).Texts(names).Texts(Array.ConvertAll(names, EntryNames.Key));
                    if (tags is not null)
                        parameters.Texts(tags);
                },
                new AuditNote(AuditActions.Restore));
            if (result.Refusal?.Reason != RefusalReason.NameTaken)
                break;
        }

        return result!;
    }

    /// <summary>Entries of a folder that are to be removed for good next; from the first call on nobody sees the folder.</summary>
    public Task<ListedPurge> ListPurgeAsync(string owner, string id, int limit) =>
        database.QueryRepeatablyAsync(
            "SELECT refusal, ids, parents FROM list_purge($1, $2, $3)",
            parameters => parameters.Text(owner).Text(id).Integer(limit),
            async reader =>
            {
                await reader.CodeAsync();
                return new ListedPurge(await reader.GetFieldValueAsync<string[]>(1), await reader.GetFieldValueAsync<string?[]>(2));
            },
            new AuditNote(AuditActions.Trash));

    /// <summary>Removes what was listed; returns true when the folder itself is gone. What is gone already changes nothing.</summary>
    public Task<bool> PurgeAsync(string owner, string id, ListedPurge listed) =>
        database.QueryRepeatablyAsync(
            "SELECT purge_listed($1, $2, $3, $4)",
            parameters => parameters.Text(owner).Text(id).Texts(listed.Ids).Texts(listed.ParentIds!),
            async reader => await reader.ReadAsync() && reader.GetBoolean(0),
            AuditNote.Of(AuditActions.Purge, ("folder", id)));

    /// <summary>Removes for good what has been in the trash since then; of a folder it only marks that. Null when it did.</summary>
    public Task<int?> ExpireAsync(string owner, string id, bool isFolder, DateTimeOffset trashedAt) =>
        database.QueryAsync(
            "SELECT expire_trash($1, $2, $3, $4)",
            parameters => parameters.Text(owner).Text(id).Boolean(isFolder).Time(trashedAt),
            ReaderExtensions.CodeAsync,
            note: AuditNote.Of(AuditActions.Purge, ("reason", "age")));

    /// <summary>Owner of a folder whose removal for good has begun; null when there is no such folder.</summary>
    public Task<string?> FindPurgedOwnerAsync(string id, CancellationToken cancellationToken) =>
        database.ReadAsync(
            "SELECT owner_id FROM entries WHERE id = $1 AND coalesce(purging_at, 'infinity') < 'infinity'",
            parameters => parameters.Text(id),
            reader => reader.RowAsync(row => row.GetString(0)),
            cancellationToken);

    /// <summary>Runs a command function; 0 stands for a repeat, which has nothing to do any more.</summary>
    /// <param name="owner">Owner of the entry; null when the function has said whose it is.</param>
    /// <param name="id">The entry.</param>
    /// <param name="sql">Calls the function.</param>
    /// <param name="bind">Adds its parameters.</param>
    /// <param name="note">What the audit calls it; null for the kind of the change alone.</param>
    public async Task<CommitResult> RunAsync(string? owner, string id, string sql, Action<NpgsqlParameterCollection> bind, AuditNote? note = null)
    {
        try
        {
            return await database.BatchAsync(
                batch =>
                {
                    var command = batch.CreateBatchCommand();
                    command.CommandText = sql;
                    bind(command.Parameters);
                    batch.BatchCommands.Add(command);
                    var read = batch.CreateBatchCommand();
                    read.CommandText = $"SELECT {FileRow.RememberedColumns} FROM {FileRow.From} WHERE e.id = $1{(owner is null ? "" : " AND e.owner_id = $2")}";
                    read.Parameters.Text(id);
                    if (owner is not null)
                        read.Parameters.Text(owner);
                    batch.BatchCommands.Add(read);
                },
                async reader =>
                {
                    if (await reader.CodeAsync() is { } reason and not 0)
                        return new CommitResult(Refusals.From((RefusalReason)reason), null);
                    await reader.NextResultAsync();
                    var file = await reader.RowAsync(FileRow.ReadRemembered);
                    return file is null ? new CommitResult(Refusals.NotFound("file or folder"), null) : new CommitResult(null, file);
                },
                note: note);
        }
        catch (RefusedException refused)
        {
            return new CommitResult(Refusals.From(refused.Reason), null);
        }
    }
}
