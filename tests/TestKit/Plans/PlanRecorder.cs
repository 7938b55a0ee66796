using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace GrainVault.TestKit.Plans;

/// <summary>
/// Hears with which plans PostgreSQL carries out what goes over its connections, of statements in functions and triggers, too. The server
/// sends them as notices (<c>auto_explain</c>, which only a superuser may load), and Npgsql logs those.
/// </summary>
public sealed class PlanRecorder : ILoggerFactory, ILogger
{
    // In the startup packet: they are the session's defaults, so that no reset between two users of a pooled session ends them.
    private const string Settings =
        "-c session_preload_libraries=auto_explain -c auto_explain.log_min_duration=0 -c auto_explain.log_nested_statements=on "
        + "-c auto_explain.log_analyze=on -c auto_explain.log_buffers=on -c auto_explain.log_timing=off -c auto_explain.log_format=json "
        + "-c auto_explain.log_level=notice -c client_min_messages=notice";

    private readonly ConcurrentQueue<StatementPlan> _plans = new();

    /// <summary>The plans since the recorder was made or <see cref="Clear"/> was called, in the order in which statements ended.</summary>
    public IReadOnlyCollection<StatementPlan> Plans => _plans;

    /// <summary>A pool whose plans are recorded.</summary>
    /// <param name="connectionString">Of a superuser.</param>
    /// <param name="isGeneric">Statements with parameters are planned for any values, as they are at the latest from their sixth run on.</param>
    public NpgsqlDataSource Open(string connectionString, bool isGeneric = false)
    {
        var builder = new NpgsqlDataSourceBuilder(connectionString);
        builder.ConnectionStringBuilder.Options = Settings + (isGeneric ? " -c plan_cache_mode=force_generic_plan" : "");
        builder.UseLoggerFactory(this);
        return builder.Build();
    }

    public void Clear() => _plans.Clear();

    ILogger ILoggerFactory.CreateLogger(string categoryName) => this;

    void ILoggerFactory.AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    void IDisposable.Dispose()
    {
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (StatementPlan.Parse(formatter(state, exception)) is { } plan)
            _plans.Enqueue(plan);
    }
}
