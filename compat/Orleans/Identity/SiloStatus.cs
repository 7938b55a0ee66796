namespace Orleans.Runtime;

/// <summary>Where a silo is in its life. The numbers are those of the membership table.</summary>
public enum SiloStatus
{
    /// <summary>Unknown.</summary>
    None = 0,

    /// <summary>The process has started.</summary>
    Created = 1,

    /// <summary>It checks that it and the others reach one another.</summary>
    Joining = 2,

    /// <summary>It owns its part of the ring.</summary>
    Active = 3,

    /// <summary>It hands its part of the ring over.</summary>
    ShuttingDown = 4,

    /// <summary>It stops at once.</summary>
    Stopping = 5,

    /// <summary>It has stopped, or the others have voted it dead. Final.</summary>
    Dead = 6,
}
