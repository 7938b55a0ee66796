using GrainVault.Silo.Options;
using Npgsql;

namespace GrainVault.Silo.Postgres;

/// <summary>
/// The connection strings of the three schemas, known once the databases are up. Each has its schema as search path and
/// a bounded pool. Sessions are not reset between uses: code that borrows one leaves no session state behind (no SET, no
/// temporary tables, no session-level advisory locks, no LISTEN).
/// </summary>
public sealed class PostgresConnections(PostgresOptions options)
{
    /// <summary>Schema of users, tokens and signing keys; also the key of its <see cref="NpgsqlDataSource"/> service.</summary>
    public const string IdentitySchema = "identity";

    /// <summary>Schema of entries, versions, uploads and the object ledger; also the key of its <see cref="NpgsqlDataSource"/> service.</summary>
    public const string CatalogueSchema = "catalogue";

    /// <summary>Schema of the actor runtime's tables; also the key of its <see cref="NpgsqlDataSource"/> service.</summary>
    public const string ClusterSchema = "orleans";

    private const int ConnectTimeoutSeconds = 5;
    private const int CommandTimeoutSeconds = 20;
    private const int PreparedStatementCountMax = 64;

    private string? _embedded;

    /// <summary>All schemas, in the order in which they are migrated.</summary>
    public static IReadOnlyList<string> Schemas { get; } = [IdentitySchema, CatalogueSchema, ClusterSchema];

    /// <summary>True when no schema still waits for the embedded server's address.</summary>
    public bool AreKnown => !options.UsesEmbeddedServer || _embedded is not null;

    /// <summary>The connection string of a schema. Contains the password: never log it.</summary>
    /// <exception cref="InvalidOperationException">The embedded server has not been started yet.</exception>
    public string For(string schema)
    {
        var settings = new NpgsqlConnectionStringBuilder(Base(schema)) { SearchPath = schema };
        SetDefault(settings, "Maximum Pool Size", PoolSizeMax(schema));
        SetDefault(settings, "Application Name", $"grainvault-{schema}");
        SetDefault(settings, "Timeout", ConnectTimeoutSeconds);
        SetDefault(settings, "Command Timeout", CommandTimeoutSeconds);
        SetDefault(settings, "Max Auto Prepare", PreparedStatementCountMax);
        SetDefault(settings, "No Reset On Close", true);
        return settings.ConnectionString;
    }

    /// <summary>Tells the address of the embedded server.</summary>
    internal void UseEmbedded(string connectionString) => _embedded = connectionString;

    private string Base(string schema)
    {
        var own = schema switch
        {
            IdentitySchema => options.Identity,
            CatalogueSchema => options.Catalogue,
            ClusterSchema => options.Cluster,
            _ => throw new ArgumentOutOfRangeException(nameof(schema), schema, "No such schema."),
        };
        return NullIfBlank(own) ?? NullIfBlank(options.ConnectionString) ?? _embedded
            ?? throw new InvalidOperationException("The embedded PostgreSQL has not been started yet.");
    }

    private int PoolSizeMax(string schema) => schema switch
    {
        IdentitySchema => options.IdentityPoolSizeMax,
        CatalogueSchema => options.CataloguePoolSizeMax,
        _ => options.ClusterPoolSizeMax,
    };

    /// <summary>What the operator wrote into the connection string wins.</summary>
    private static void SetDefault(NpgsqlConnectionStringBuilder settings, string keyword, object value)
    {
        // Keys holds what was set; ContainsKey is true for every keyword that exists.
        if (!settings.Keys.Cast<string>().Contains(keyword, StringComparer.OrdinalIgnoreCase))
            settings[keyword] = value;
    }

    private static string? NullIfBlank(string? value) => string.IsNullOrWhiteSpace(value) ? null : value;
}
