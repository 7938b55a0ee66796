using System.Data;
using GrainVault.Audit;
using Npgsql;

namespace GrainVault.Cli.Audit;

/// <summary>A chain's end.</summary>
/// <param name="OwnerId">Whose chain.</param>
/// <param name="Seq">Number of its last row.</param>
/// <param name="Hash">Hash of that row, lower-case hex.</param>
public sealed record AuditHead(string OwnerId, long Seq, string Hash);

/// <summary>Something in the audit that is not as it was written.</summary>
/// <param name="OwnerId">Whose chain.</param>
/// <param name="Seq">The row where it shows; 0 for the chain as a whole.</param>
/// <param name="Detail">What is wrong.</param>
public sealed record AuditFinding(string OwnerId, long Seq, string Detail);

/// <summary>What came of a verification.</summary>
/// <param name="Heads">The chains as they end now.</param>
/// <param name="RowCount">Rows that were looked at.</param>
/// <param name="Findings">What is wrong, at most <see cref="AuditVerifier.FindingCountMax"/>.</param>
public sealed record AuditVerdict(List<AuditHead> Heads, long RowCount, List<AuditFinding> Findings);

/// <summary>
/// Computes every chain anew, outside of the database and in one snapshot, so beside a running system. What somebody with write access to
/// the database can still do is to write a chain anew from the row that he changed to its end: that shows against heads that were kept
/// elsewhere.
/// </summary>
public sealed class AuditVerifier(NpgsqlDataSource catalogue)
{
    /// <summary>Most findings.</summary>
    public const int FindingCountMax = 1_000;

    private readonly List<AuditFinding> _findings = [];
    private readonly List<AuditHead> _heads = [];
    private Dictionary<string, List<AuditHead>> _kept = [];
    private long _rowCount;

    /// <summary>Verifies all chains, or one.</summary>
    /// <param name="ownerId">Whose chain; null for all.</param>
    /// <param name="kept">Heads that were noted earlier, of which every one must be a row of its chain, or pruned since.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<AuditVerdict> VerifyAsync(string? ownerId, IReadOnlyCollection<AuditHead> kept, CancellationToken cancellationToken)
    {
        _kept = kept.Where(head => ownerId is null || head.OwnerId == ownerId)
            .GroupBy(head => head.OwnerId, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.ToList(), StringComparer.Ordinal);
        await using var connection = await catalogue.OpenConnectionAsync(cancellationToken);
        // One snapshot for heads and rows: what is appended meanwhile is in neither.
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        var chains = await ReadHeadsAsync(connection, ownerId, cancellationToken);
        await ReadRowsAsync(connection, ownerId, chains, cancellationToken);
        foreach (var (owner, chain) in chains)
            End(owner, chain);
        foreach (var owner in _kept.Keys.Where(owner => !chains.ContainsKey(owner)))
            Found(owner, 0, "the chain is gone: a head of it was kept");
        return new AuditVerdict([.. _heads.OrderBy(head => head.OwnerId, StringComparer.Ordinal)], _rowCount, _findings);
    }

    private static async Task<Dictionary<string, Chain>> ReadHeadsAsync(NpgsqlConnection connection, string? ownerId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "SELECT owner_id, seq, hash, pruned_seq, pruned_hash FROM audit_heads WHERE $1::text IS NULL OR owner_id = $1", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)ownerId ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        var chains = new Dictionary<string, Chain>(StringComparer.Ordinal);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var pruned = await reader.GetFieldValueAsync<byte[]>(4, cancellationToken);
            var hash = await reader.GetFieldValueAsync<byte[]>(2, cancellationToken);
            chains.Add(reader.GetString(0), new Chain(reader.GetInt64(1), hash, reader.GetInt64(3), pruned) { Seq = reader.GetInt64(3), Hash = pruned });
        }

        return chains;
    }

    private async Task ReadRowsAsync(NpgsqlConnection connection, string? ownerId, Dictionary<string, Chain> chains, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT owner_id, seq, at, actor_kind, actor_id, action, entry_id, entry_name, detail, address, agent, request_id, trace_id, hash
            FROM audit WHERE $1::text IS NULL OR owner_id = $1 ORDER BY owner_id, seq
            """,
            connection);
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)ownerId ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        // Row by row, however long the audit is.
        await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SequentialAccess, cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            _rowCount++;
            var row = Read(reader);
            if (!chains.TryGetValue(row.OwnerId, out var chain))
            {
                chains.Add(row.OwnerId, chain = new Chain(0, AuditHash.None, 0, AuditHash.None) { Hash = AuditHash.None });
                Found(row.OwnerId, row.Seq, "the chain has rows and no head");
            }

            Take(chain, row);
        }
    }

    private void Take(Chain chain, AuditRow row)
    {
        if (row.Seq != chain.Seq + 1)
            Found(row.OwnerId, row.Seq, $"row {chain.Seq + 1} is missing: this one comes after row {chain.Seq}");
        var hash = AuditHash.Of(chain.Hash, row);
        if (!hash.AsSpan().SequenceEqual(Convert.FromHexString(row.Hash)))
            Found(row.OwnerId, row.Seq, "the row, or the order of rows, is not what was written");
        if (row.Action == AuditActions.AuditPrune)
            chain.LastPrune = row.Detail;
        Compare(row.OwnerId, row.Seq, row.Hash);
        chain.Seq = row.Seq;
        // What stands there, so that one changed row is one finding.
        chain.Hash = Convert.FromHexString(row.Hash);
    }

    private void Compare(string ownerId, long seq, string hash)
    {
        if (!_kept.TryGetValue(ownerId, out var kept))
            return;
        foreach (var head in kept)
        {
            if (head.Seq == seq && head.Hash != hash)
                Found(ownerId, seq, "the chain was written anew: a head that was kept is another one");
        }
    }

    private void End(string ownerId, Chain chain)
    {
        if (chain.Seq != chain.HeadSeq)
            Found(ownerId, chain.Seq, $"the chain ends here, and its head is row {chain.HeadSeq}");
        else if (!chain.Hash.AsSpan().SequenceEqual(chain.HeadHash))
            Found(ownerId, chain.Seq, "the head of the chain has another hash than its last row");
        if (chain.PrunedSeq > 0)
        {
            var told = chain.LastPrune ?? "";
            if (!told.Contains($"\"{chain.PrunedSeq}\"", StringComparison.Ordinal) || !told.Contains(Convert.ToHexStringLower(chain.PrunedHash), StringComparison.Ordinal))
                Found(ownerId, chain.PrunedSeq, "rows up to here were removed, and the chain does not say that they were pruned");
        }

        foreach (var head in _kept.GetValueOrDefault(ownerId) ?? [])
        {
            if (head.Seq > chain.Seq)
                Found(ownerId, head.Seq, "the end of the chain is gone: a head that was kept lies behind it");
        }

        _heads.Add(new AuditHead(ownerId, chain.HeadSeq, Convert.ToHexStringLower(chain.HeadHash)));
    }

    private void Found(string ownerId, long seq, string detail)
    {
        if (_findings.Count < FindingCountMax)
            _findings.Add(new AuditFinding(ownerId, seq, detail));
    }

    private static AuditRow Read(NpgsqlDataReader row) => new(
        row.GetString(0), row.GetInt64(1), new DateTimeOffset(row.GetDateTime(2), TimeSpan.Zero), row.GetString(3), Text(row, 4), row.GetString(5), Text(row, 6),
        Text(row, 7), Text(row, 8), Text(row, 9), Text(row, 10), Text(row, 11), Text(row, 12), Convert.ToHexStringLower(row.GetFieldValue<byte[]>(13)));

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private sealed class Chain(long headSeq, byte[] headHash, long prunedSeq, byte[] prunedHash)
    {
        public long HeadSeq { get; } = headSeq;

        public byte[] HeadHash { get; } = headHash;

        public long PrunedSeq { get; } = prunedSeq;

        public byte[] PrunedHash { get; } = prunedHash;

        public long Seq { get; set; }

        public byte[] Hash { get; set; } = [];

        public string? LastPrune { get; set; }
    }
}
