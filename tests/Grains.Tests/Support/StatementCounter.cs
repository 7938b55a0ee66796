using System.Diagnostics;

namespace GrainVault.Grains.Tests.Support;

/// <summary>Counts round trips to PostgreSQL that belong to this test, by the trace that its calls carry.</summary>
public sealed class StatementCounter : IDisposable
{
    private readonly ActivityListener _listener;
    private readonly Activity _root;
    private int _count;

    public StatementCounter()
    {
        // A root of its own: other tests run at the same time.
        Activity.Current = null;
        _root = new Activity("test").SetIdFormat(ActivityIdFormat.W3C).Start();
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Npgsql" || source.Name.StartsWith("Microsoft.Orleans", StringComparison.Ordinal),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                // A pool that grows meanwhile traces its new connection as "CONNECT <database>": that is no statement.
                if (activity.Source.Name == "Npgsql" && activity.TraceId == _root.TraceId
                    && !activity.DisplayName.StartsWith("CONNECT", StringComparison.Ordinal))
                    Interlocked.Increment(ref _count);
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public int Count => Volatile.Read(ref _count);

    public void Dispose()
    {
        _listener.Dispose();
        _root.Dispose();
    }
}
