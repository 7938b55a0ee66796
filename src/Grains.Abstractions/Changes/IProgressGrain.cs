using GrainVault.Uploads;
using Orleans;
using Orleans.Concurrency;

namespace GrainVault.Changes;

/// <summary>
/// Where the upload sessions of a user meet those who watch them. Nothing is kept: what is told is read from the ledger, at most twice a
/// second, and only while somebody watches. Key: <c>pr-</c> and the user's id.
/// </summary>
[Alias("gv.IProgressGrain")]
public interface IProgressGrain : IGrainWithStringKey
{
    /// <summary>A session of the user has come further. Called by sessions only. Returns false when nobody watches.</summary>
    [AlwaysInterleave, Alias("Note")]
    Task<bool> NoteAsync(string uploadId, CancellationToken cancellationToken = default);

    /// <summary>
    /// Sessions that have come further since the watcher asked last; waits for one. Empty for anybody but the user, and when too many watch.
    /// </summary>
    /// <param name="watcherId">Tells watchers apart: a new id begins to watch now.</param>
    /// <param name="wait">Longest wait, up to 20 s.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    [AlwaysInterleave, Alias("Read")]
    Task<List<UploadProgress>> ReadAsync(string watcherId, TimeSpan wait, CancellationToken cancellationToken = default);
}

/// <summary>How far a session has come.</summary>
/// <param name="UploadId">The session.</param>
/// <param name="State">Its state.</param>
/// <param name="FileId">The file that it is for.</param>
/// <param name="SizeBytes">Size of the file in bytes; null while unknown.</param>
/// <param name="PartCount">Parts of the file; null while unknown.</param>
/// <param name="ReceivedParts">Parts that are acknowledged; after the end, none are counted any more.</param>
/// <param name="ReceivedBytes">Their bytes.</param>
[GenerateSerializer, Immutable, Alias("gv.UploadProgress")]
public sealed record UploadProgress(
    [property: Id(0)] string UploadId,
    [property: Id(1)] UploadState State,
    [property: Id(2)] string FileId,
    [property: Id(3)] long? SizeBytes,
    [property: Id(4)] int? PartCount,
    [property: Id(5)] int ReceivedParts,
    [property: Id(6)] long ReceivedBytes);
