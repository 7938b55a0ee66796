using Microsoft.Extensions.Logging;

namespace GrainVault.Audit;

internal static partial class AuditMessages
{
    [LoggerMessage(4511, LogLevel.Error, "{Count} rows of the audit could not be written and are lost")]
    public static partial void Lost(ILogger logger, int count, Exception exception);

    [LoggerMessage(4510, LogLevel.Warning, "{Count} rows of the audit could not be written yet: {Reason}")]
    public static partial void NotWritten(ILogger logger, int count, string reason);
}
