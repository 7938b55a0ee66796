using System.Globalization;
using GrainVault.Silo.Startup;

namespace GrainVault.Silo.Postgres;

/// <summary>The major version that created a data folder; its file format belongs to that version alone.</summary>
internal static class ClusterVersion
{
    public static int Read(string dataPath)
    {
        var path = Path.Combine(dataPath, "PG_VERSION");
        var text = File.ReadAllText(path).Trim();
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? version
            : throw new StartRefusedException($"'{path}' holds '{text}'; allowed: the major version of a PostgreSQL {PostgresBinaries.MajorVersionMin} or newer cluster.");
    }
}
