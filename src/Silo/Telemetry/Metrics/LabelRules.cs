namespace GrainVault.Silo.Telemetry.Metrics;

/// <summary>Values that must not leave the process as they are.</summary>
internal static class LabelRules
{
    private const string PoolName = "db.client.connection.pool.name";
    private const string ApplicationName = "Application Name";

    /// <summary>The value to show for a tag.</summary>
    public static string Apply(string key, string value) => key == PoolName ? OfPool(value) : value;

    /// <summary>A pool without a name of its own is named by its connection string: addresses and users belong to nobody who watches.</summary>
    public static string OfPool(string value)
    {
        if (!value.Contains('=', StringComparison.Ordinal))
            return value;
        var application = value.Split(';')
            .Select(pair => pair.Split('=', 2))
            .FirstOrDefault(pair => pair.Length == 2 && pair[0].Trim().Equals(ApplicationName, StringComparison.OrdinalIgnoreCase));
        return application?[1].Trim() ?? "other";
    }
}
