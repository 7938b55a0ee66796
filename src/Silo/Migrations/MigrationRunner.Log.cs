namespace GrainVault.Silo.Migrations;

public sealed partial class MigrationRunner
{
    [LoggerMessage(1020, LogLevel.Information, "Applied migration {Name} to schema {Schema} in {Elapsed}")]
    private static partial void LogApplied(ILogger logger, string name, string schema, TimeSpan elapsed);

    [LoggerMessage(1021, LogLevel.Information, "Another process migrates schema {Schema}; waiting for it")]
    private static partial void LogWaiting(ILogger logger, string schema);

    [LoggerMessage(1022, LogLevel.Warning, "Schema {Schema} is at version {Applied}, newer than this program's {Known}; going on, since it still serves programs from version {MinVersion}")]
    private static partial void LogNewer(ILogger logger, string schema, int applied, int known, int minVersion);
}
