using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace GrainVault.Audit;

/// <summary>The hash of a row, computed without the database: its canonical form stands in <c>sql/catalogue</c>, beside <c>audit_hash</c>.</summary>
public static class AuditHash
{
    /// <summary>Size of a hash in bytes.</summary>
    public const int SizeBytes = SHA256.HashSizeInBytes;

    /// <summary>What stands before the first row.</summary>
    public static byte[] None => new byte[SizeBytes];

    /// <summary>The hash of a row.</summary>
    /// <param name="before">Hash of the row before it.</param>
    /// <param name="row">The row; its own hash is not looked at.</param>
    public static byte[] Of(ReadOnlySpan<byte> before, AuditRow row)
    {
        var text = new StringBuilder("gv-audit-1,", 512).Append(Convert.ToHexStringLower(before)).Append(',');
        var microseconds = (row.At.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;
        foreach (var field in (ReadOnlySpan<string?>)[
            row.OwnerId, row.Seq.ToString(CultureInfo.InvariantCulture), microseconds.ToString(CultureInfo.InvariantCulture), row.ActorKind,
            row.ActorId, row.Action, row.EntryId, row.EntryName, row.Detail, row.Address, row.Agent, row.RequestId, row.TraceId])
        {
            if (field is null)
                text.Append("-,");
            else
                text.Append(CultureInfo.InvariantCulture, $"{Encoding.UTF8.GetByteCount(field)}:{field},");
        }

        return SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()));
    }
}
