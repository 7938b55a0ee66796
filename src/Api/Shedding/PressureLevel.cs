using GrainVault.Api.Http;

namespace GrainVault.Api.Shedding;

/// <summary>How much the process has to bear. Each level sends one weight more away.</summary>
internal enum PressureLevel
{
    /// <summary>All are served.</summary>
    None,

    /// <summary>Uploads are sent away.</summary>
    Elevated,

    /// <summary>Changes and downloads are, too.</summary>
    High,

    /// <summary>Reads are, too; only health checks are served.</summary>
    Critical,
}

/// <summary>From measurements to levels.</summary>
internal static class PressureLevels
{
    private const double HighDelayFactor = 2;
    private const double CriticalDelayFactor = 5;
    private const double HighMemoryPart = 0.5;
    private const double CriticalMemoryPart = 0.9;

    /// <summary>The level of a measurement.</summary>
    /// <param name="threadDelay">How long work waits for a thread.</param>
    /// <param name="memoryShare">Share of the memory that is in use, 0 to 1.</param>
    /// <param name="limits">Where levels begin.</param>
    public static PressureLevel Of(TimeSpan threadDelay, double memoryShare, FrontEndLimits limits)
    {
        var ofThreads = Level(threadDelay / limits.ThreadDelayMax, 1, HighDelayFactor, CriticalDelayFactor);
        var left = 1 - limits.MemoryShareMax;
        var ofMemory = Level(
            memoryShare,
            limits.MemoryShareMax,
            limits.MemoryShareMax + (left * HighMemoryPart),
            limits.MemoryShareMax + (left * CriticalMemoryPart));
        return ofThreads > ofMemory ? ofThreads : ofMemory;
    }

    /// <summary>True when a request of the weight is sent away.</summary>
    public static bool Refuses(this PressureLevel level, RequestWeight weight) => level switch
    {
        PressureLevel.None => false,
        PressureLevel.Elevated => weight == RequestWeight.Upload,
        PressureLevel.High => weight != RequestWeight.Read,
        _ => true,
    };

    private static PressureLevel Level(double value, double elevated, double high, double critical) =>
        value < elevated ? PressureLevel.None
        : value < high ? PressureLevel.Elevated
        : value < critical ? PressureLevel.High
        : PressureLevel.Critical;
}
