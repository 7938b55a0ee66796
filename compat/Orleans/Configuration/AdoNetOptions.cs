namespace Orleans.Configuration;

/// <summary>A store of grain states behind an ADO.NET provider.</summary>
public class AdoNetGrainStorageOptions
{
    /// <summary>How to connect. The tables are found by the connection's own schema search path.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>The provider's invariant name, "Npgsql".</summary>
    public string? Invariant { get; set; }

    /// <summary>Whether clearing a state deletes its row. Default: false.</summary>
    public bool DeleteStateOnClear { get; set; }
}

/// <summary>A table of reminders behind an ADO.NET provider.</summary>
public class AdoNetReminderTableOptions
{
    /// <summary>How to connect. The tables are found by the connection's own schema search path.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>The provider's invariant name, "Npgsql".</summary>
    public string? Invariant { get; set; }
}

/// <summary>A store of grain states in memory.</summary>
public class MemoryGrainStorageOptions;

/// <summary>A silo's way to the membership table behind an ADO.NET provider.</summary>
public class AdoNetClusteringSiloOptions
{
    /// <summary>How to connect. The tables are found by the connection's own schema search path.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>The provider's invariant name, "Npgsql".</summary>
    public string? Invariant { get; set; }
}

/// <summary>A client's way to the membership table behind an ADO.NET provider: it reads the gateways.</summary>
public class AdoNetClusteringClientOptions
{
    /// <summary>How to connect. The tables are found by the connection's own schema search path.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>The provider's invariant name, "Npgsql".</summary>
    public string? Invariant { get; set; }
}
