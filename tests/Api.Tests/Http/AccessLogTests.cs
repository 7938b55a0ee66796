using System.Text.Json;
using GrainVault.Api.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;

namespace GrainVault.Api.Tests.Http;

public sealed class AccessLogTests
{
    private static readonly AccessLine Line = new(
        new DateTimeOffset(2026, 11, 20, 10, 0, 0, TimeSpan.Zero), LogLevel.Information, "GET", "/a%22b", 200, null, 7, TimeSpan.FromMilliseconds(1.5), "id\"1", default);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Lines_that_were_added_before_the_stop_are_written(bool isJson)
    {
        var output = new StringWriter();
        using var log = new AccessLog(NullLoggerFactory.Instance, output, isJson);
        await log.StartAsync(default);
        for (var i = 0; i < 100; i++)
            log.Add(Line with { Status = 200 + i });
        await log.StopAsync(default);
        var lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(100, lines.Length);
        if (isJson)
        {
            var states = lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("State")).ToList();
            Assert.Equal(Enumerable.Range(200, 100), states.Select(state => state.GetProperty("Status").GetInt32()));
            Assert.Equal(("/a%22b", "id\"1"), (states[0].GetProperty("Path").GetString(), states[0].GetProperty("RequestId").GetString()));
        }
    }

    [Theory]
    [InlineData("/v1/me", 200, true)]
    [InlineData("/metrics", 200, false)]
    [InlineData("/metrics", 401, true)]
    [InlineData("/cluster/status", 200, false)]
    [InlineData("/cluster/status", 403, true)]
    [InlineData("/cluster", 200, true)]
    [InlineData("/healthz/ready", 200, false)]
    [InlineData("/healthz/ready", 503, false)]
    public async Task Polls_that_succeed_and_health_checks_are_for_debugging(string path, int status, bool isLogged)
    {
        var output = new StringWriter();
        var loggers = Substitute.For<ILoggerFactory>();
        var logger = Substitute.For<ILogger>();
        loggers.CreateLogger(default!).ReturnsForAnyArgs(logger);
        logger.IsEnabled(default).ReturnsForAnyArgs(call => call.Arg<LogLevel>() >= LogLevel.Information);
        using var log = new AccessLog(loggers, output, isJson: false);
        var middleware = new AccessLogMiddleware(
            context =>
            {
                context.Response.StatusCode = status;
                return Task.CompletedTask;
            },
            log,
            TimeProvider.System);

        await middleware.InvokeAsync(new DefaultHttpContext { Request = { Method = "GET", Path = path } });

        await log.StopAsync(default);
        Assert.Equal(isLogged, output.ToString().Contains($"GET {path} {status}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Console_that_is_too_slow_costs_lines_and_no_memory()
    {
        var output = new StringWriter();
        using var log = new AccessLog(NullLoggerFactory.Instance, output, isJson: false);
        for (var i = 0; i < AccessLog.QueueMax + 1000; i++)
            log.Add(Line);
        await log.StartAsync(default);
        await log.StopAsync(default);
        Assert.Equal(AccessLog.QueueMax, output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }
}
