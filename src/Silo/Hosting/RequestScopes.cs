using System.Collections;
using System.Diagnostics;
using System.Text;

namespace GrainVault.Silo.Hosting;

/// <summary>
/// Adds the id of the HTTP request and the trace to every log line, wherever on the request's way it is written: front end,
/// grain, store or database. Both travel with a grain call already, so nothing is pushed per call: they are looked up when a
/// line is really written, and a call that logs nothing pays nothing.
/// </summary>
public sealed class RequestScopes : IExternalScopeProvider
{
    /// <summary>Name of the id in a log line; the same as the HTTP header's.</summary>
    public const string RequestIdName = "X-Request-Id";

    private readonly LoggerExternalScopeProvider _pushed = new();

    /// <inheritdoc/>
    public IDisposable Push(object? state) => _pushed.Push(state);

    /// <inheritdoc/>
    public void ForEachScope<TState>(Action<object?, TState> callback, TState state)
    {
        _pushed.ForEachScope(callback, state);
        if (CallScope.Current is { } scope)
            callback(scope, state);
    }

    /// <summary>What is known about the call that writes a line.</summary>
    private sealed class CallScope(List<KeyValuePair<string, object?>> values) : IReadOnlyList<KeyValuePair<string, object?>>
    {
        public static CallScope? Current
        {
            get
            {
                var (requestId, activity) = (Caller.RequestId, Activity.Current);
                if (requestId is null && activity is null)
                    return null;
                var values = new List<KeyValuePair<string, object?>>(3);
                if (requestId is not null)
                    values.Add(new(RequestIdName, requestId));
                if (activity is not null)
                {
                    values.Add(new("TraceId", activity.TraceId.ToHexString()));
                    values.Add(new("SpanId", activity.SpanId.ToHexString()));
                }

                return new CallScope(values);
            }
        }

        public int Count => values.Count;

        public KeyValuePair<string, object?> this[int index] => values[index];

        public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => values.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        public override string ToString()
        {
            var text = new StringBuilder();
            foreach (var (name, value) in values)
                text.Append(text.Length == 0 ? "" : ", ").Append(name).Append(':').Append(value);
            return text.ToString();
        }
    }
}
