using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace GrainVault.Silo.Tests;

/// <summary>Keeps what a component logs.</summary>
internal sealed class LogRecorder : ILogger
{
    private readonly ConcurrentQueue<(int EventId, string Message)> _entries = new();

    public IEnumerable<string> Messages => _entries.Select(entry => entry.Message);

    public int Count(int eventId) => _entries.Count(entry => entry.EventId == eventId);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _entries.Enqueue((eventId.Id, formatter(state, exception)));
}
