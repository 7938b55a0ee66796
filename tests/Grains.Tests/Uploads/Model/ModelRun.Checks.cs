using GrainVault.Uploads;
using Npgsql;

namespace GrainVault.Grains.Tests.Uploads.Model;

/// <summary>What must be true after each step, and at the end.</summary>
internal sealed partial class ModelRun
{
    private static readonly TimeSpan PastAllDeadlines = TimeSpan.FromDays(8);

    /// <summary>Sessions moved as they may, every file is whole and as it was, and the quota is exact.</summary>
    private async Task CheckAsync()
    {
        await using var connection = await host.Catalogue.OpenConnectionAsync();
        await using var batch = new NpgsqlBatch(connection);
        Add("SELECT id, state, file_id FROM uploads WHERE owner_id = $1");
        Add("SELECT e.id, v.object_key, v.size_bytes FROM entries e JOIN file_versions v ON v.file_id = e.id WHERE e.owner_id = $1");
        Add("SELECT used_bytes, reserved_bytes FROM users WHERE id = $1");
        var states = new Dictionary<string, (UploadState State, string FileId)>();
        var files = new Dictionary<string, (string? Key, long SizeBytes)>();
        var usage = (Used: 0L, Reserved: 0L);
        await using (var reader = await batch.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
                states.Add(reader.GetString(0), ((UploadState)reader.GetInt16(1), reader.GetString(2)));
            await reader.NextResultAsync();
            while (await reader.ReadAsync())
                files.Add(reader.GetString(0), (reader.IsDBNull(1) ? null : reader.GetString(1), reader.GetInt64(2)));
            await reader.NextResultAsync();
            if (await reader.ReadAsync())
                usage = (reader.GetInt64(0), reader.GetInt64(1));
        }

        foreach (var session in _sessions)
            CheckMove(session, states);
        foreach (var session in _sessions.Where(session => session is { State: UploadState.Completed, IsDeleted: false }))
            await CheckFileAsync(session, files);
        Assert.True(files.Count == 0, "a file is there that nobody completed");
        Assert.Equal(_sessions.Where(session => session is { State: UploadState.Completed, IsDeleted: false }).Sum(session => session.SizeBytes), usage.Used);
        Assert.Equal(_sessions.Where(session => !session.HasEnded).Sum(session => session.SizeBytes), usage.Reserved);

        void Add(string sql)
        {
            var command = new NpgsqlBatchCommand(sql);
            command.Parameters.Add(new NpgsqlParameter { Value = _user });
            batch.BatchCommands.Add(command);
        }
    }

    private void CheckMove(ModelSession session, Dictionary<string, (UploadState State, string FileId)> states)
    {
        var before = session.State;
        if (!states.TryGetValue(session.Id, out var found))
        {
            Assert.True(session.HasEnded, $"{session} has vanished");
            session.IsGone = true;
            return;
        }

        if (found.State == before)
            return;
        Assert.False(session.HasEnded, $"{session} has become {found.State}");
        var isAllowed = found.State switch
        {
            UploadState.Aborted => session.IsAbortAsked || session.CanDifferFromDeclared,
            UploadState.Expired => _now >= session.ExpiresAt,
            // Nobody need ask for a file of one part that a URL brought.
            UploadState.Completing or UploadState.Assembled or UploadState.Completed =>
                session.CanBeWhole && (session.IsCompletionAsked || (session.IsWhole && session.Urls.Count > 0)),
            _ => before == UploadState.Completing,
        };
        Assert.True(isAllowed, $"{session} has become {found.State}");
        host.Count($"{before} -> {found.State}{(session.IsCompletionAsked || found.State != UploadState.Completed ? "" : " by itself")}");
        session.State = found.State;
        if (found.State == UploadState.Completed)
            session.FileId = found.FileId;
    }

    private async Task CheckFileAsync(ModelSession session, Dictionary<string, (string? Key, long SizeBytes)> files)
    {
        Assert.True(files.Remove(session.FileId!, out var file), $"the file of {session} is lost");
        Assert.Equal(session.SizeBytes, file.SizeBytes);
        var content = file.Key is null ? [] : await host.BytesAsync(file.Key);
        Assert.True(content is not null, $"the object of {session} is lost");
        if (session.File is null)
        {
            Assert.True(session.CanBe(content), $"the file of {session} has bytes that nobody sent");
            Assert.False(session.IsDeclared && Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content)) != session.Sha256, "not what was announced");
            session.File = content;
        }

        Assert.True(session.File.AsSpan().SequenceEqual(content), $"the file of {session} has changed");
    }

    /// <summary>
    /// Time passes all deadlines, and the janitor sweeps: after the second time the store has what the ledger has. Files are there
    /// still; when they are removed too, nothing is left of anything.
    /// </summary>
    private async Task SweepAsync()
    {
        using (_trouble = new ModelTrouble(host, Trouble.None, 0, _release.Task))
        {
            // A completion that the janitor takes up may find another silo's work in its memory, and then its name taken: each is seen to
            // at its next run.
            var passes = 0;
            do
                await PassTimeAsync();
            while (++passes < RetryCountMax && _sessions.Any(session => session is { HasEnded: false, IsGone: false }));
            await PassTimeAsync();
            Assert.Empty(host.Bucket.Uploads(""));
            Assert.Equal(await LiveKeysAsync(), host.ContentKeys().Order(StringComparer.Ordinal));
            Assert.All(_sessions, session => Assert.True(session.HasEnded, $"{session} goes on for ever"));
            foreach (var session in _sessions.Where(session => session is { State: UploadState.Completed, IsDeleted: false }))
                await DeleteAsync(session);
            await PassTimeAsync();
            await PassTimeAsync();
            Assert.Empty(host.ContentKeys());
            Assert.Equal(0L, await host.ScalarAsync<long>("SELECT (SELECT count(*) FROM objects) + (SELECT count(*) FROM uploads) + (SELECT count(*) FROM store_events)"));
        }
    }

    private async Task PassTimeAsync()
    {
        await AgeAsync(PastAllDeadlines);
        await host.RunJanitorAsync(Silo, inOrder: false);
        await CheckAsync();
    }

    private async Task<List<string>> LiveKeysAsync()
    {
        var keys = new List<string>();
        await using var command = host.Catalogue.CreateCommand("SELECT key FROM objects WHERE state = 'live' ORDER BY key");
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            keys.Add(reader.GetString(0));
        return keys;
    }

    /// <summary>State of a session as the ledger has it; what the model thinks of it is checked after the step.</summary>
    private async Task<UploadState?> StateAsync(ModelSession session)
    {
        await using var command = host.Catalogue.CreateCommand("SELECT state FROM uploads WHERE id = $1");
        command.Parameters.Add(new NpgsqlParameter { Value = session.Id });
        var state = await command.ExecuteScalarAsync();
        session.IsGone |= state is null;
        return (UploadState?)(short?)state;
    }

    private Task<bool> IsTakenAsync(string name) =>
        host.ScalarAsync<bool>("SELECT EXISTS (SELECT 1 FROM entries WHERE owner_id = $1 AND name = $2)", _user, name);

    private Task<string> NameAsync(ModelSession session) => host.ScalarAsync<string>("SELECT name FROM uploads WHERE id = $1", session.Id);
}
