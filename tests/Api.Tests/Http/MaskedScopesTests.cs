using System.Text.Json;
using GrainVault.Api.Http;
using GrainVault.Links;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GrainVault.Api.Tests.Http;

public sealed class MaskedScopesTests
{
    [Fact]
    public void Path_of_a_link_is_masked_in_the_scopes_of_every_line()
    {
        var token = LinkTokens.New();
        using var provider = new LinesProvider();
        var services = new ServiceCollection();
        services.AddSingleton<IExternalScopeProvider>(new MaskedScopes(new LoggerExternalScopeProvider()));
        services.AddLogging(logging => logging.AddProvider(provider));
        using var built = services.BuildServiceProvider();
        var logger = built.GetRequiredService<ILoggerFactory>().CreateLogger("test");

        using (logger.BeginScope(Scope($"/s/{token}/content")))
            logger.LogWarning("one");
        using (logger.BeginScope(Scope("/v1/me")))
            logger.LogWarning("two");
        Assert.Equal(
            [
                """[["RequestId","7"],["RequestPath","/s/***/content"]] RequestId:7 RequestPath:/s/***/content""",
                """[["RequestId","7"],["RequestPath","/v1/me"]] System.Collections.Generic.KeyValuePair`2[System.String,System.Object][]""",
            ],
            provider.Lines);
    }

    private static KeyValuePair<string, object?>[] Scope(string path) => [new("RequestId", "7"), new("RequestPath", path)];

    /// <summary>Writes the scopes of every line.</summary>
    private sealed class LinesProvider : ILoggerProvider, ISupportExternalScope, ILogger
    {
        private IExternalScopeProvider _scopes = new LoggerExternalScopeProvider();

        public List<string> Lines { get; } = [];

        public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable BeginScope<TState>(TState state)
            where TState : notnull => _scopes.Push(state);

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _scopes.ForEachScope(
                (scope, lines) => lines.Add(
                    $"{JsonSerializer.Serialize(((IEnumerable<KeyValuePair<string, object?>>)scope!).Select(value => new[] { value.Key, value.Value?.ToString() }))} {scope}"),
                Lines);

        public void Dispose()
        {
        }
    }
}
