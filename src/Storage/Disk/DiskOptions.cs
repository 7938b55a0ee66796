namespace GrainVault.Storage.Disk;

/// <summary>Settings of the disk store; section <c>GrainVault:Objects:Disk</c>.</summary>
public sealed class DiskOptions
{
    /// <summary>Folder of the store. Default: <c>objects</c> in <c>GrainVault:Data:Directory</c>.</summary>
    public string? Directory { get; set; }

    /// <summary>
    /// URL of a front end as clients reach it, which presigned URLs begin with. Default: none; then they are relative to the
    /// front end that a client has reached.
    /// </summary>
    public string? PublicUrl { get; set; }

    /// <summary>
    /// File with the key of presigned URLs, made when it is missing. Default: <c>object-urls.key</c> in
    /// <c>GrainVault:Data:Directory</c>.
    /// </summary>
    public string? UrlKeyFile { get; set; }

    /// <summary>Calls that write or flush at once, each on a thread of its own, 1 to 256. Default: 8.</summary>
    public int ThreadCount { get; set; } = 8;

    /// <summary>Calls that find, open or list at once, so that they never wait behind writes, 1 to 256. Default: 4.</summary>
    public int ReadThreadCount { get; set; } = 4;

    /// <summary>Calls that may wait for a thread of either kind, 1 to 100,000; past it they fail as unavailable. Default: 1024.</summary>
    public int QueueLengthMax { get; set; } = 1024;
}
