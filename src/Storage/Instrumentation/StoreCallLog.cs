using System.Threading.Channels;

namespace GrainVault.Storage.Instrumentation;

/// <summary>One call of the object store.</summary>
/// <param name="At">When it began, by this process's clock.</param>
/// <param name="Store">Name from the store's profile.</param>
/// <param name="Operation">For example <c>put_part</c>.</param>
/// <param name="Key">Key of the object.</param>
/// <param name="Outcome"><c>ok</c>, <c>cancelled</c>, or the error in lower case.</param>
/// <param name="Elapsed">How long it took.</param>
/// <param name="SizeBytes">Bytes that it wrote or was to read; null where that is not known.</param>
public readonly record struct StoreCall(
    DateTimeOffset At, string Store, string Operation, string Key, string Outcome, TimeSpan Elapsed, long? SizeBytes);

/// <summary>
/// The last calls of the object store, for whoever writes them down. It slows no call: what comes while it is full is dropped and counted,
/// and while nobody reads, nothing is kept.
/// </summary>
public sealed class StoreCallLog
{
    private Channel<StoreCall>? _calls;
    private double _sampleShare;
    private long _droppedCount;

    /// <summary>Calls that were dropped since the start of the process.</summary>
    public long DroppedCount => Interlocked.Read(ref _droppedCount);

    /// <summary>Begins to keep calls.</summary>
    /// <param name="countMax">Most calls that wait.</param>
    /// <param name="sampleShare">Share of the successful calls that is kept, 0 to 1; failed ones are all kept.</param>
    public ChannelReader<StoreCall> Open(int countMax, double sampleShare)
    {
        _sampleShare = sampleShare;
        // Without synchronous continuations: a call of the store does not run the writer.
        var calls = Channel.CreateBounded<StoreCall>(new BoundedChannelOptions(countMax) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
        Volatile.Write(ref _calls, calls);
        return calls.Reader;
    }

    /// <summary>Keeps no more calls.</summary>
    public void Close() => Volatile.Write(ref _calls, null);

    /// <summary>Counts calls that were taken out and could not be written.</summary>
    public void Dropped(int count) => Interlocked.Add(ref _droppedCount, count);

    /// <summary>Keeps a call, or drops it.</summary>
    public void Add(in StoreCall call)
    {
        if (Volatile.Read(ref _calls) is not { } calls || (call.Outcome == StorageInstruments.Success && Random.Shared.NextDouble() >= _sampleShare))
            return;
        if (!calls.Writer.TryWrite(call))
            Interlocked.Increment(ref _droppedCount);
    }
}
