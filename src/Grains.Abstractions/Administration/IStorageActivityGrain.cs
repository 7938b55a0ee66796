using Orleans;

namespace GrainVault.Administration;

/// <summary>Takes down the calls of the object store that all processes make. What is lost on the way is lost. Key: <see cref="Key"/>.</summary>
[Alias("gv.IStorageActivityGrain")]
public interface IStorageActivityGrain : IGrainWithStringKey
{
    /// <summary>The one key.</summary>
    public const string Key = "sa-0";

    /// <summary>Most calls that are taken down at once.</summary>
    public const int CallCountMax = 1_000;

    /// <summary>Appends calls; a repeat appends them once more.</summary>
    [Alias("Append"), ResponseTimeout("00:00:10")]
    Task AppendAsync(string process, List<StoreCallRecord> calls, CancellationToken cancellationToken = default);
}

/// <summary>A call of the object store.</summary>
/// <param name="At">When it began, by the clock of the process that made it.</param>
/// <param name="Store">Name of the store.</param>
/// <param name="Operation">For example <c>put_part</c>.</param>
/// <param name="ObjectKey">Key of the object.</param>
/// <param name="Outcome"><c>ok</c>, <c>cancelled</c>, or the error.</param>
/// <param name="Elapsed">How long it took.</param>
/// <param name="SizeBytes">Bytes that it wrote or was to read; null where that is not known.</param>
/// <param name="Process">Which process made it; empty when it is appended.</param>
[GenerateSerializer, Immutable, Alias("gv.StoreCallRecord")]
public sealed record StoreCallRecord(
    [property: Id(0)] DateTimeOffset At,
    [property: Id(1)] string Store,
    [property: Id(2)] string Operation,
    [property: Id(3)] string ObjectKey,
    [property: Id(4)] string Outcome,
    [property: Id(5)] TimeSpan Elapsed,
    [property: Id(6)] long? SizeBytes,
    [property: Id(7)] string Process = "");

/// <summary>What is asked of the log of calls. Newest first; a page may be shorter than its limit, or empty, and have a next one.</summary>
/// <param name="ObjectKey">Of this object alone; null for all.</param>
/// <param name="Operation">This operation alone; null for all.</param>
/// <param name="Outcome">This outcome alone, or <c>failed</c> for all but <c>ok</c>; null for all.</param>
/// <param name="From">First time; null for the beginning.</param>
/// <param name="Before">Time before which it was; null for now.</param>
/// <param name="Cursor">From the page before.</param>
/// <param name="Limit">1 to 1,000.</param>
[GenerateSerializer, Immutable, Alias("gv.StoreCallQuery")]
public sealed record StoreCallQuery(
    [property: Id(0)] string? ObjectKey,
    [property: Id(1)] string? Operation,
    [property: Id(2)] string? Outcome,
    [property: Id(3)] DateTimeOffset? From,
    [property: Id(4)] DateTimeOffset? Before,
    [property: Id(5)] string? Cursor,
    [property: Id(6)] int Limit);

/// <summary>A page of calls.</summary>
[GenerateSerializer, Immutable, Alias("gv.StoreCallPageResult")]
public sealed record StoreCallPageResult([property: Id(0)] Refusal? Refusal, [property: Id(1)] List<StoreCallRecord> Calls, [property: Id(2)] string? NextCursor);
