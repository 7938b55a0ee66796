using GrainVault.Accounts;
using GrainVault.Audit;
using GrainVault.Data;
using GrainVault.Options;
using Microsoft.Extensions.Options;
using Npgsql;

namespace GrainVault.Files;

/// <summary>What came of taking an offer: a refusal, the ids of what has changed its owner, or those of what is to be told first.</summary>
internal sealed record TakenTransfer(Refusal? Refusal, string[] Ids, string[] Untold);

/// <summary>Offers of ownership, and the one transaction in which it changes.</summary>
internal sealed class TransferRepository(CatalogueDatabase database, AccountRepository accounts, ListCursors cursors, IOptions<LimitsOptions> limits)
{
    /// <summary>Most offers in a page.</summary>
    public const int LimitMax = 1_000;

    /// <summary>Most times that the same names are tried because others took them meanwhile.</summary>
    private const int NameRaceCountMax = 10;

    /// <summary>What <c>take_transfer</c> answers when there are grains to be told.</summary>
    private const int ToldTooFew = -1;

    private const string Columns = "t.entry_id, e.kind, e.name, e.size_bytes, t.from_id, t.to_id, t.created_at, t.expires_at";

    public Task<int?> OfferAsync(string owner, string entryId, string to) =>
        database.QueryAsync(
            "SELECT give_transfer($1, $2, $3, $4, $5)",
            parameters => parameters.Text(owner).Text(entryId).Text(to).Interval(limits.Value.TransferLifetime).Integer(limits.Value.TransferCountMax),
            ReaderExtensions.CodeAsync);

    /// <summary>The open offer of an entry; null when there is none.</summary>
    public async Task<Transfer?> FindAsync(string entryId, CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync(
            $"SELECT {Columns} FROM transfers t JOIN entries e ON e.id = t.entry_id WHERE t.entry_id = $1 AND t.accepted_at IS NULL AND t.expires_at > now()",
            parameters => parameters.Text(entryId),
            reader => reader.RowsAsync(Read),
            cancellationToken);
        return (await NamedAsync(rows, cancellationToken)).FirstOrDefault();
    }

    /// <summary>A page of the open offers that a user has made, or has got, newest entries first. Refusal: Invalid.</summary>
    public async Task<TransferPageResult> ListAsync(string userId, bool isOutgoing, string? cursor, int limit, CancellationToken cancellationToken)
    {
        if (limit is < 1 or > LimitMax)
            return new TransferPageResult(Refusals.Invalid("A limit is 1 to 1,000."), [], null);
        var scope = ListCursors.Scope(userId, isOutgoing ? "transfers from" : "transfers to");
        string? position = null;
        if (cursor is not null && (position = await cursors.ReadAsync(scope, cursor, cancellationToken)) is null)
            return new TransferPageResult(Refusals.Invalid("The cursor was not issued for this list."), [], null);

        var after = position is null ? "" : "AND t.entry_id < $3";
        var rows = await database.ReadAsync(
            $"""
            SELECT {Columns} FROM transfers t JOIN entries e ON e.id = t.entry_id
            WHERE t.{(isOutgoing ? "from_id" : "to_id")} = $1 AND t.accepted_at IS NULL AND t.expires_at > now() AND entry_is_live(t.entry_id) {after}
            ORDER BY t.entry_id DESC LIMIT $2
            """,
            parameters => parameters.Text(userId).Integer(limit + 1).Text(position),
            reader => reader.RowsAsync(Read),
            cancellationToken);
        string? next = null;
        if (rows.Count > limit)
        {
            rows.RemoveAt(limit);
            next = await cursors.IssueAsync(scope, rows[^1].EntryId, cancellationToken);
        }

        return new TransferPageResult(null, await NamedAsync(rows, cancellationToken), next);
    }

    /// <summary>
    /// Begins to take an offer: from here on, for two minutes, grains remember nothing of what belongs to its owner. Returns what would be taken and
    /// when that was looked up, and no ids when there is no such offer. Refusal: TooLarge.
    /// </summary>
    public async Task<(Refusal? Refusal, string[] Ids, DateTimeOffset ListedAt)> BeginAsync(string userId, string entryId)
    {
        var isThere = await database.ExecuteRepeatablyAsync(
            "UPDATE transfers SET taking_at = now() WHERE entry_id = $1 AND to_id = $2 AND accepted_at IS NULL AND expires_at > now()",
            parameters => parameters.Text(entryId).Text(userId)) == 1;
        if (!isThere)
            return (null, [], default);
        // After that, in a transaction of its own: what is made later than this is made when all can see that the offer is being taken.
        var (ids, listedAt) = await database.ReadAsync(
            """
            WITH RECURSIVE below AS (
                SELECT id, kind FROM entries WHERE id = $1
                UNION ALL
                SELECT c.id, c.kind FROM below b CROSS JOIN LATERAL (SELECT id, kind FROM entries WHERE parent_id = b.id OFFSET 0) c WHERE b.kind = 2
            )
            SELECT coalesce(array_agg(id), '{}'), now() FROM (SELECT id FROM below LIMIT $2) listed
            """,
            parameters => parameters.Text(entryId).Integer(limits.Value.TransferEntryCountMax + 1),
            async reader => await reader.ReadAsync() ? (await reader.GetFieldValueAsync<string[]>(0), reader.Time(1)) : ([], default));
        return ids.Length > limits.Value.TransferEntryCountMax
            ? (Explained(RefusalReason.TooLarge), [], default)
            : (null, ids, listedAt);
    }

    /// <summary>
    /// Takes an offer, when the grains of <paramref name="told"/> have forgotten whose they were. Returns the ids of what has changed its owner;
    /// or, and nothing has changed, those of what came below the entry since and is to be told first.
    /// </summary>
    public async Task<TakenTransfer> TakeAsync(string userId, string entryId, string name, string[] told, DateTimeOffset listedAt)
    {
        try
        {
            var result = new TakenTransfer(null, [], []);
            foreach (var names in EntryNames.Candidates(name))
            {
                result = await TakeAsync(userId, entryId, names, told, listedAt);
                if (result.Refusal?.Reason != RefusalReason.NameTaken)
                    break;
            }

            return result;
        }
        catch (RefusedException refused)
        {
            return new TakenTransfer(Refusals.From(refused.Reason), [], []);
        }
    }

    private async Task<TakenTransfer> TakeAsync(string userId, string entryId, string[] names, string[] told, DateTimeOffset listedAt)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await database.QueryAsync(
                    "SELECT refusal, ids FROM take_transfer($1, $2, $3, $4, $5, $6, $7, $8)",
                    parameters => parameters.Text(userId).Long(limits.Value.QuotaBytes).Text(entryId).Texts(names)
                        .Texts(Array.ConvertAll(names, EntryNames.Key)).Integer(limits.Value.TransferEntryCountMax).Texts(told).Time(listedAt),
                    async reader => await reader.CodeAsync() switch
                    {
                        null => new TakenTransfer(null, await reader.GetFieldValueAsync<string[]>(1), []),
                        ToldTooFew => new TakenTransfer(null, [], await reader.GetFieldValueAsync<string[]>(1)),
                        { } reason => new TakenTransfer(Explained((RefusalReason)reason), [], []),
                    },
                    note: AuditNote.Of(AuditActions.Transfer, ("entryId", entryId), ("userId", userId)));
            }
            catch (RefusedException raced) when (raced.Reason == RefusalReason.NameTaken && attempt < NameRaceCountMax)
            {
                // Somebody has taken the name since it was looked at; now it is seen to be taken.
            }
        }
    }

    /// <summary>Ends an open offer that was not accepted, by who made it or who got it. False when there is none.</summary>
    public async Task<bool> EndAsync(string userId, string entryId) =>
        await database.QueryAsync(
            """
            WITH ended AS (DELETE FROM transfers WHERE entry_id = $1 AND accepted_at IS NULL AND expires_at > now() AND (from_id = $2 OR to_id = $2) RETURNING from_id, to_id)
            SELECT audit_note(from_id, 'transfer-end', $1, json_build_object('userId', to_id)::text) FROM ended
            """,
            parameters => parameters.Text(entryId).Text(userId),
            reader => reader.ReadAsync());

    /// <summary>What an accepted transfer has moved, as long as not all of it is known to have been told; null when there is none.</summary>
    public Task<string[]?> FindAcceptedAsync(string entryId, CancellationToken cancellationToken) =>
        database.ReadAsync(
            "SELECT entry_ids FROM transfers WHERE entry_id = $1 AND accepted_at IS NOT NULL",
            parameters => parameters.Text(entryId),
            reader => reader.RowAsync(row => row.GetFieldValue<string[]>(0)),
            cancellationToken);

    /// <summary>All have been told.</summary>
    public Task FinishAsync(string entryId) =>
        database.ExecuteRepeatablyAsync(
            "DELETE FROM transfers WHERE entry_id = $1 AND accepted_at IS NOT NULL", parameters => parameters.Text(entryId));

    private Refusal Explained(RefusalReason reason) => reason switch
    {
        RefusalReason.TooLarge =>
            new Refusal(reason, $"At most {limits.Value.TransferEntryCountMax} entries change their owner at once; give the folders in it one by one."),
        RefusalReason.Busy => Refusals.Busy("Taking the offer took too long; try again."),
        _ => Refusals.From(reason),
    };

    private async Task<List<Transfer>> NamedAsync(List<Transfer> transfers, CancellationToken cancellationToken)
    {
        if (transfers.Count == 0)
            return transfers;
        var people = await accounts.FindNamesAsync([.. transfers.Select(transfer => transfer.FromId).Distinct()], cancellationToken);
        return transfers.ConvertAll(transfer => people.TryGetValue(transfer.FromId, out var person)
            ? transfer with { FromName = person.DisplayName ?? person.Email.Split('@')[0] }
            : transfer);
    }

    private static Transfer Read(NpgsqlDataReader reader) => new(
        reader.GetString(0), (EntryKind)reader.GetInt16(1), reader.GetString(2), reader.GetInt64(3), reader.GetString(4), "", reader.GetString(5),
        reader.Time(6), reader.Time(7));
}
