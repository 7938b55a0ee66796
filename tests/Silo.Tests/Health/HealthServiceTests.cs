using GrainVault.Silo.Health;

namespace GrainVault.Silo.Tests.Health;

public sealed class HealthServiceTests
{
    [Fact]
    public async Task Dependency_that_is_down_is_named_beside_those_that_are_up()
    {
        using var health = Create(new Probe("postgres", _ => Task.FromResult<string?>(null)), new Probe("objects", _ => Task.FromResult<string?>("connection refused")));

        var report = await health.CheckAsync();

        Assert.False(report.IsReady);
        Assert.Equal("not-ready", report.Status);
        Assert.Equal([new("postgres", "up", null), new DependencyHealth("objects", "down", "connection refused")], report.Dependencies);
        Assert.Contains(report.Runtime, (string[])["bundled", "nuget"]);
    }

    [Fact]
    public async Task Probe_that_never_answers_is_down_within_its_time()
    {
        using var health = Create(new Probe("postgres", _ => new TaskCompletionSource<string?>().Task));

        var report = await health.CheckAsync().WaitAsync(HealthService.ProbeTimeout + TimeSpan.FromSeconds(20));

        Assert.Equal("no answer within 3 s", Assert.Single(report.Dependencies).Fault);
    }

    [Fact]
    public async Task Probe_that_throws_is_down_and_shows_no_details()
    {
        using var health = Create(new Probe("objects", _ => throw new InvalidOperationException("password=geheim")));

        Assert.Equal("InvalidOperationException", Assert.Single((await health.CheckAsync()).Dependencies).Fault);
    }

    [Fact]
    public async Task Many_questions_at_once_ask_a_dependency_once()
    {
        var asked = 0;
        using var health = Create(new Probe("postgres", _ =>
        {
            Interlocked.Increment(ref asked);
            return Task.FromResult<string?>(null);
        }));

        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => health.CheckAsync()));

        Assert.InRange(asked, 1, 3);
    }

    private static HealthService Create(params IHealthProbe[] probes) => new(probes, TimeProvider.System);

    private sealed class Probe(string name, Func<CancellationToken, Task<string?>> find) : IHealthProbe
    {
        public string Name => name;

        public Task<string?> FindFaultAsync(CancellationToken cancellationToken) => find(cancellationToken);
    }
}
