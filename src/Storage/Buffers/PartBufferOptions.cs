namespace GrainVault.Storage.Buffers;

/// <summary>Limits of the part buffers of one process; section <c>GrainVault:Limits:PartBuffers</c>.</summary>
public sealed class PartBufferOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "GrainVault:Limits:PartBuffers";

    /// <summary>Bytes of all buffers that are rented at once; past it renting gives null. 1 MiB or more. Default: 1 GiB.</summary>
    public long RentedSizeBytesMax { get; set; } = 1L << 30;

    /// <summary>Bytes of all buffers kept for the next renter; what comes back past it is left to the garbage collector. 0 or more. Default: 512 MiB.</summary>
    public long IdleSizeBytesMax { get; set; } = 512L << 20;

    /// <summary>Time after which a buffer that nobody rented is left to the garbage collector, 1 s to 1 h. Default: 30 s.</summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(30);
}
