using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using GrainVault.Files;

namespace GrainVault.Links;

/// <summary>
/// What visitors of a link carry with them, signed and good for a while: that a download was counted, for one file; and that the password was
/// right. Neither says that the link is good still: that is asked each time.
/// </summary>
internal sealed class LinkTickets(ListCursors signer, TimeProvider time)
{
    /// <summary>A ticket for a file. No two are the same, also of one moment: it lives up to a second longer.</summary>
    public ValueTask<string> IssueTicketAsync(string linkId, string fileId, TimeSpan lifetime, CancellationToken cancellationToken) =>
        IssueAsync(TicketScope(linkId, fileId), lifetime + TimeSpan.FromTicks(RandomNumberGenerator.GetInt32((int)TimeSpan.TicksPerSecond)), cancellationToken);

    /// <summary>What is kept of a ticket.</summary>
    public static byte[] Hash(string ticket) => SHA256.HashData(Encoding.UTF8.GetBytes(ticket));

    /// <summary>True for a ticket for this file that is good now.</summary>
    public ValueTask<bool> IsTicketAsync(string ticket, string linkId, string fileId, CancellationToken cancellationToken) =>
        IsGoodAsync(TicketScope(linkId, fileId), ticket, cancellationToken);

    /// <summary>A proof that the link's password is known.</summary>
    public ValueTask<string> IssueProofAsync(string linkId, TimeSpan lifetime, CancellationToken cancellationToken) =>
        IssueAsync(ProofScope(linkId), lifetime, cancellationToken);

    /// <summary>True for a proof of this link that is good now.</summary>
    public ValueTask<bool> IsProofAsync(string proof, string linkId, CancellationToken cancellationToken) =>
        IsGoodAsync(ProofScope(linkId), proof, cancellationToken);

    /// <summary>The right to go on with a session, as long as the link is good.</summary>
    public ValueTask<string> IssueSecretAsync(string linkId, string uploadId, TimeSpan lifetime, CancellationToken cancellationToken) =>
        IssueAsync(SecretScope(linkId, uploadId), lifetime, cancellationToken);

    /// <summary>True for the right to this session.</summary>
    public ValueTask<bool> IsSecretAsync(string secret, string linkId, string uploadId, CancellationToken cancellationToken) =>
        IsGoodAsync(SecretScope(linkId, uploadId), secret, cancellationToken);

    /// <summary>That an archive by the link was counted and begun.</summary>
    public ValueTask<string> IssueArchiveAsync(string linkId, TimeSpan lifetime, CancellationToken cancellationToken) =>
        IssueAsync(ArchiveScope(linkId), lifetime, cancellationToken);

    /// <summary>True for an archive of this link that may go on.</summary>
    public ValueTask<bool> IsArchiveAsync(string ticket, string linkId, CancellationToken cancellationToken) =>
        IsGoodAsync(ArchiveScope(linkId), ticket, cancellationToken);

    // No user has such an id, so none of these is a cursor.
    private static string TicketScope(string linkId, string fileId) => ListCursors.Scope("link ticket", linkId, fileId);

    private static string SecretScope(string linkId, string uploadId) => ListCursors.Scope("link upload", linkId, uploadId);

    private static string ArchiveScope(string linkId) => ListCursors.Scope("link archive", linkId);

    private static string ProofScope(string linkId) => ListCursors.Scope("link password", linkId);

    private ValueTask<string> IssueAsync(string scope, TimeSpan lifetime, CancellationToken cancellationToken) =>
        signer.IssueAsync(scope, (time.GetUtcNow() + lifetime).UtcTicks.ToString(CultureInfo.InvariantCulture), cancellationToken);

    private async ValueTask<bool> IsGoodAsync(string scope, string signed, CancellationToken cancellationToken) =>
        await signer.ReadAsync(scope, signed, cancellationToken) is { } until
        && long.Parse(until, CultureInfo.InvariantCulture) > time.GetUtcNow().UtcTicks;
}
