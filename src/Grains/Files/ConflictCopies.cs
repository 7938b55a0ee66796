using System.Globalization;
using GrainVault.Accounts;

namespace GrainVault.Files;

/// <summary>Names of files that keep what somebody uploaded to a file that had another version by then.</summary>
internal sealed class ConflictCopies(AccountRepository accounts, TimeProvider time)
{
    /// <summary>Longest name of a person in the name of a file, in characters.</summary>
    private const int PersonLengthMax = 40;

    /// <summary>For example <c>notes (conflicted copy of Ada 2026-11-21).txt</c>.</summary>
    public async Task<string> NameAsync(string userId, string name, CancellationToken cancellationToken)
    {
        var account = await accounts.FindAsync(userId, cancellationToken);
        var person = account?.DisplayName ?? account?.Email.Split('@')[0] ?? "";
        // People may call themselves what no file may be called.
        if (EntryNames.Check(person) is not null || person.Length > PersonLengthMax)
            person = "somebody";
        return EntryNames.Suffixed(name, string.Create(CultureInfo.InvariantCulture, $" (conflicted copy of {person} {time.GetUtcNow():yyyy-MM-dd})"));
    }
}
