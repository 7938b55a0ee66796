using System.Security.Cryptography;
using System.Text;
using GrainVault.Files;
using GrainVault.Options;
using Microsoft.Extensions.Options;

namespace GrainVault.Changes;

/// <summary>
/// Cursors of feeds: signed positions, bound to their user. One of a user with whom very many others share is too long for a request; it
/// stays here, and the client gets its digest.
/// </summary>
internal sealed class FeedCursors(ListCursors cursors, FeedRepository repository, IOptions<ChangesOptions> options, TimeProvider time)
{
    /// <summary>Longest position that a cursor carries itself, in characters.</summary>
    private const int CarriedLengthMax = 2_000;

    /// <summary>Marks the digest of a position that stays here.</summary>
    private const char KeptMark = '#';

    /// <summary>What a cursor of such numbers is good for, from now on.</summary>
    public FeedPosition New(FeedPhase phase, string key, IReadOnlyDictionary<long, long> numbers)
    {
        var now = time.GetUtcNow();
        return new FeedPosition(now, now + options.Value.Age, phase, key, numbers);
    }

    /// <summary>The next of two positions between which nothing was told: the same one again while it is young and has the same numbers.</summary>
    public FeedPosition Refresh(FeedPosition position, FeedPosition next) =>
        next.IssuedAt - position.IssuedAt < options.Value.Age / 8
            && next.Numbers.Count == position.Numbers.Count
            && next.Numbers.All(pair => position.Numbers.TryGetValue(pair.Key, out var number) && number == pair.Value)
            ? position
            : next;

    /// <summary>The cursor of a position.</summary>
    public async Task<string> IssueAsync(string userId, FeedPosition position, CancellationToken cancellationToken)
    {
        var text = position.Format();
        if (text.Length > CarriedLengthMax)
        {
            var digest = SHA256.HashData(Encoding.UTF8.GetBytes(text));
            await repository.KeepCursorAsync(userId, digest, text);
            text = KeptMark + Convert.ToHexStringLower(digest);
        }

        return await cursors.IssueAsync(Scope(userId), text, cancellationToken);
    }

    /// <summary>The position of a cursor. Refusals: Invalid (not issued for this user), CursorExpired.</summary>
    public async Task<(Refusal? Refusal, FeedPosition? Position)> ReadAsync(string userId, string cursor, CancellationToken cancellationToken)
    {
        if (await cursors.ReadAsync(Scope(userId), cursor, cancellationToken) is not { } text)
            return (Refusals.Invalid("The cursor was not issued for this feed."), null);
        if (text[0] == KeptMark && await repository.FindCursorAsync(userId, Convert.FromHexString(text.AsSpan(1)), cancellationToken) is var kept)
        {
            if (kept is null)
                return (Expired, null);
            text = kept;
        }

        var position = FeedPosition.Parse(text);
        var now = time.GetUtcNow();
        return now > position.GoodUntil || now > position.IssuedAt + options.Value.Age ? (Expired, null) : (null, position);
    }

    /// <summary>Changes after the cursor may be gone.</summary>
    public static Refusal Expired { get; } = Refusals.From(RefusalReason.CursorExpired);

    private static string Scope(string userId) => ListCursors.Scope(userId, "changes");
}
