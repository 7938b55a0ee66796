using GrainVault.Accounts;
using GrainVault.Audit;
using GrainVault.Data;
using GrainVault.Options;
using Microsoft.Extensions.Options;

namespace GrainVault.Files;

/// <summary>Shares of an entry: who they are with is a matter of accounts, what they allow one of the catalogue.</summary>
internal sealed class ShareRepository(CatalogueDatabase database, AccountRepository accounts, IOptions<LimitsOptions> limits)
{
    /// <summary>Most shares of one entry.</summary>
    public const int CountMax = 1_000;

    /// <summary>The user with this id or address; null when there is none.</summary>
    public async Task<string?> FindUserAsync(string idOrEmail, CancellationToken cancellationToken)
    {
        var account = Ids.IsValid(Ids.User, idOrEmail)
            ? await accounts.FindAsync(idOrEmail, cancellationToken)
            : EmailRules.Check(idOrEmail) is null ? await accounts.FindByEmailAsync(AccountKeys.EmailKey(idOrEmail), cancellationToken) : null;
        return account?.Id;
    }

    /// <summary>All shares of an entry, oldest first; or the one with a user. Addresses that nobody has given stay unknown.</summary>
    public async Task<List<Share>> ListAsync(string entryId, string? userId, CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync(
            "SELECT user_id, role, created_at, by_address FROM shares WHERE entry_id = $1 AND ($2 IS NULL OR user_id = $2) ORDER BY created_at, user_id LIMIT $3",
            parameters => parameters.Text(entryId).Text(userId).Integer(CountMax),
            reader => reader.RowsAsync(row => (UserId: row.GetString(0), Role: (ShareRole)row.GetInt16(1), CreatedAt: row.Time(2), IsByAddress: row.GetBoolean(3))),
            cancellationToken);
        if (rows.Count == 0)
            return [];
        var people = await accounts.FindNamesAsync(rows.ConvertAll(row => row.UserId), cancellationToken);
        return rows.ConvertAll(row => people.TryGetValue(row.UserId, out var person)
            ? new Share(row.UserId, row.IsByAddress ? person.Email : "", person.DisplayName, row.Role, row.CreatedAt)
            : new Share(row.UserId, "", null, row.Role, row.CreatedAt));
    }

    public Task<int?> SetAsync(string owner, string entryId, string userId, ShareRole role, bool isByAddress) =>
        database.QueryAsync(
            "SELECT share_within($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            parameters => parameters.Text(owner).Text(entryId).Text(userId).Integer((int)role).Boolean(isByAddress).Integer(CountMax)
                .Integer(limits.Value.ShareCountPerPairMax).Integer(limits.Value.ShareCountPerUserMax).Integer(limits.Value.FeedOwnerCountMax),
            ReaderExtensions.CodeAsync,
            note: FileNotes.OfShare(AuditActions.Share, userId, role));

    /// <summary>Ends a share, by the owner or by whom it is with. Null for success, or a refusal.</summary>
    public Task<int?> EndAsync(string actorId, string entryId, string userId) =>
        database.QueryAsync(
            "SELECT end_share($1, $2, $3)",
            parameters => parameters.Text(actorId).Text(entryId).Text(userId),
            ReaderExtensions.CodeAsync,
            note: FileNotes.OfShare(AuditActions.Unshare, userId));
}
