using System.ComponentModel.DataAnnotations;
using Npgsql;

namespace GrainVault.Silo.Options;

/// <summary>The databases; section <c>GrainVault:Postgres</c>. Without a connection string, an embedded server is used.</summary>
public sealed class PostgresOptions : IValidatableObject
{
    /// <summary>Name of the section below <c>GrainVault</c>.</summary>
    public const string Section = "Postgres";

    private const string ConnectionStringExample = "a connection string such as Host=db;Username=grainvault;Password=...;Database=grainvault";

    /// <summary>Connection string of all schemas that have none of their own. Default: none (embedded server).</summary>
    public string? ConnectionString { get; set; }

    /// <summary>Connection string of schema <c>identity</c>. Default: <see cref="ConnectionString"/>.</summary>
    public string? Identity { get; set; }

    /// <summary>Connection string of schema <c>catalogue</c>. Default: <see cref="ConnectionString"/>.</summary>
    public string? Catalogue { get; set; }

    /// <summary>Connection string of schema <c>orleans</c>: reminders, grain state, membership. Default: <see cref="ConnectionString"/>.</summary>
    public string? Cluster { get; set; }

    /// <summary>Embedded server: folder of its programs. Default: searched in PATH and the usual install folders.</summary>
    public string? BinDirectory { get; set; }

    /// <summary>Embedded server: the user it runs as when GrainVault is started by root. Default: <c>postgres</c>, else <c>nobody</c>.</summary>
    public string? User { get; set; }

    /// <summary>Embedded server: its shared buffers in MiB. Default: 128.</summary>
    [Range(16, 1_048_576)]
    public int SharedBuffersMiB { get; set; } = 128;

    /// <summary>Most connections of one process to the catalogue. Default: 24.</summary>
    [Range(2, 1_000)]
    public int CataloguePoolSizeMax { get; set; } = 24;

    /// <summary>Most connections of one process to the identity schema. Default: 8.</summary>
    [Range(1, 1_000)]
    public int IdentityPoolSizeMax { get; set; } = 8;

    /// <summary>Most connections of one process to the cluster schema. Default: 8.</summary>
    [Range(1, 1_000)]
    public int ClusterPoolSizeMax { get; set; } = 8;

    /// <summary>Most GrainVault processes that share the databases at once. Default: 4.</summary>
    [Range(1, 1_000)]
    public int ProcessCountMax { get; set; } = 4;

    /// <summary>Connections kept free for the command line tool, backups and people. Default: 16.</summary>
    [Range(4, 1_000)]
    public int HeadroomConnectionCount { get; set; } = 16;

    /// <summary>Longest wait at start for a server to answer, crash recovery included. Default: 2 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Embedded server: longest wait for an orderly stop. Default: 6 s, so that ./eng/up ends within its 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(6);

    /// <summary>Longest wait for another process that is migrating a schema. Default: 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan MigrationTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>True when at least one schema has no connection string and lives in the embedded server.</summary>
    public bool UsesEmbeddedServer => string.IsNullOrWhiteSpace(ConnectionString)
        && (string.IsNullOrWhiteSpace(Identity) || string.IsNullOrWhiteSpace(Catalogue) || string.IsNullOrWhiteSpace(Cluster));

    /// <summary>Connections that all processes together can open.</summary>
    public int ConnectionCountOfAllProcesses => ProcessCountMax * (CataloguePoolSizeMax + IdentityPoolSizeMax + ClusterPoolSizeMax);

    /// <summary>What a server needs as <c>max_connections</c> so that no process is ever refused.</summary>
    public int ServerConnectionCountMax => ConnectionCountOfAllProcesses + HeadroomConnectionCount;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        (string Name, string? Value)[] connections =
            [(nameof(ConnectionString), ConnectionString), (nameof(Identity), Identity), (nameof(Catalogue), Catalogue), (nameof(Cluster), Cluster)];
        foreach (var (name, value) in connections)
        {
            if (!string.IsNullOrWhiteSpace(value) && !IsConnectionString(value))
                yield return new ValidationResult(ConnectionStringExample, [name]);
        }
    }

    private static bool IsConnectionString(string value)
    {
        try
        {
            return !string.IsNullOrEmpty(new NpgsqlConnectionStringBuilder(value).Host);
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or InvalidCastException or OverflowException)
        {
            return false;
        }
    }
}
