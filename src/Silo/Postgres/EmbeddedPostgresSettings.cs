using GrainVault.Silo.Options;

namespace GrainVault.Silo.Postgres;

/// <summary>What one private PostgreSQL server needs to know.</summary>
public sealed record EmbeddedPostgresSettings
{
    /// <summary>Folder that holds <c>postgres/</c>, <c>run/</c> and the connection file. Absolute path.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Folder of the server's binaries; null searches PATH and the usual install folders.</summary>
    public string? BinDirectory { get; init; }

    /// <summary>User that the server runs as when we are root, since PostgreSQL refuses root; null takes <c>postgres</c>, else <c>nobody</c>.</summary>
    public string? User { get; init; }

    /// <summary>Value of <c>max_connections</c>. Default: 100.</summary>
    public int ConnectionCountMax { get; init; } = 100;

    /// <summary>Value of <c>shared_buffers</c> in MiB. Default: 128.</summary>
    public int SharedBuffersMiB { get; init; } = 128;

    /// <summary>False when others know the port already: a port that somebody else has taken then ends the start. Default: true.</summary>
    public bool MayMovePort { get; init; } = true;

    /// <summary>False turns fsync off: only for data that may be lost with the machine. Default: true.</summary>
    public bool Durable { get; init; } = true;

    /// <summary>Longest wait for the server to answer, crash recovery included. Default: 2 min.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Longest wait for an orderly stop before the server is told to quit at once. Default: 10 s.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Pause before a server that died is started again. Default: 1 s.</summary>
    public TimeSpan RestartDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>What the operator has configured.</summary>
    internal static EmbeddedPostgresSettings From(DataOptions data, PostgresOptions options) => new()
    {
        DataDirectory = data.FullPath,
        BinDirectory = options.BinDirectory,
        User = options.User,
        ConnectionCountMax = options.ServerConnectionCountMax,
        SharedBuffersMiB = options.SharedBuffersMiB,
        StartTimeout = options.StartTimeout,
        StopTimeout = options.StopTimeout,
    };
}
