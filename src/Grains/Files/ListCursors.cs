using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using GrainVault.Data;

namespace GrainVault.Files;

/// <summary>
/// Cursors of lists: where the last page ended, signed together with the user and the query, so that a cursor that was
/// not issued for them is refused.
/// </summary>
internal sealed class ListCursors(InstallationStore installation)
{
    private const int SignatureSizeBytes = 16;

    /// <summary>Longest cursor that is looked at, in characters.</summary>
    private const int LengthMax = 4_096;

    /// <summary>A cursor that stands for <paramref name="position"/>.</summary>
    /// <param name="scope">User and query; see <see cref="Scope"/>.</param>
    /// <param name="position">Where the page ended.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async ValueTask<string> IssueAsync(string scope, string position, CancellationToken cancellationToken)
    {
        var payload = Encoding.UTF8.GetBytes(position);
        var signature = Sign(await installation.GetCursorKeyAsync(cancellationToken), scope, payload);
        return Base64Url.EncodeToString([.. signature, .. payload]);
    }

    /// <summary>The position that a cursor stands for; null when it was not issued for this scope.</summary>
    public async ValueTask<string?> ReadAsync(string scope, string cursor, CancellationToken cancellationToken)
    {
        if (cursor.Length > LengthMax || !Base64Url.IsValid(cursor))
            return null;
        var bytes = Base64Url.DecodeFromChars(cursor);
        if (bytes.Length <= SignatureSizeBytes)
            return null;
        var payload = bytes[SignatureSizeBytes..];
        var expected = Sign(await installation.GetCursorKeyAsync(cancellationToken), scope, payload);
        return CryptographicOperations.FixedTimeEquals(expected, bytes.AsSpan(0, SignatureSizeBytes)) ? Encoding.UTF8.GetString(payload) : null;
    }

    /// <summary>The scope of a query of a user.</summary>
    public static string Scope(string userId, params ReadOnlySpan<string?> query)
    {
        var scope = new StringBuilder(userId);
        foreach (var value in query)
            // The length keeps neighbouring values apart.
            scope.Append('\n').Append(value?.Length ?? -1).Append(':').Append(value);
        return scope.ToString();
    }

    private static byte[] Sign(byte[] key, string scope, byte[] payload) =>
        HMACSHA256.HashData(key, (byte[])[.. SHA256.HashData(Encoding.UTF8.GetBytes(scope)), .. payload])[..SignatureSizeBytes];
}
