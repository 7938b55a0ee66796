namespace Orleans.Configuration;

/// <summary>Which cluster a silo belongs to.</summary>
public class ClusterOptions
{
    /// <summary>The cluster id that stands for "not set".</summary>
    public const string DefaultClusterId = "default";

    /// <summary>The service id that stands for "not set".</summary>
    public const string DefaultServiceId = "default";

    /// <summary>The cluster: silos with equal ids find each other. Default: "default".</summary>
    public string ClusterId { get; set; } = DefaultClusterId;

    /// <summary>The service: the key of its states and reminders in the stores. Default: "default".</summary>
    public string ServiceId { get; set; } = DefaultServiceId;
}

/// <summary>The silo itself.</summary>
public class SiloOptions
{
    /// <summary>The silo's name in logs and in the membership table. Default: made up at start.</summary>
    public string? SiloName { get; set; }
}
