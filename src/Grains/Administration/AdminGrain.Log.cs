using Microsoft.Extensions.Logging;

namespace GrainVault.Administration;

internal static partial class AdminLog
{
    [LoggerMessage(4500, LogLevel.Information, "Administrator {Administrator} changed the quota of {User} to {QuotaBytes} bytes.")]
    public static partial void QuotaChanged(ILogger logger, string administrator, string user, long quotaBytes);
}
